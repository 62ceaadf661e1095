import test from 'ava';
import { withOptions } from '../../../../bench/config/runner-options.ts';
import { DIRECT_OPTIONS, hardwareOf, QEMU_OPTIONS, SYSTEM_OPTIONS } from '../../../../runners/kvm-common/options.ts';
import { PLAIN_HARDWARE } from '../../../../vms/hardware.ts';

const FACTS = { freeHugePages: 0, hugePagesMounted: false, vhostNet: true };

test('without a word guests are made as they always were, and packets go as libvirt would have them go', (t) => {
  for (const options of [DIRECT_OPTIONS, QEMU_OPTIONS, SYSTEM_OPTIONS]) {
    const written = withOptions({ id: 'guests', options }, {});
    for (const context of [{}, { options: written }]) {
      t.deepEqual(hardwareOf(context, 'tcg', FACTS), PLAIN_HARDWARE);
      t.deepEqual(hardwareOf(context, 'kvm', FACTS), { ...PLAIN_HARDWARE, vhost: true });
      t.deepEqual(hardwareOf(context, 'kvm', { ...FACTS, vhostNet: false }), PLAIN_HARDWARE);
    }
  }
});

test('every choice ends up in the hardware', (t) => {
  const chosen = { machine: 'pc', cpuModel: 'host-model', hugePages: true, iothreads: 1, nic: 'e1000e', vhost: false };
  const options = withOptions({ id: 'kvm-direct', options: DIRECT_OPTIONS }, chosen);
  t.deepEqual(hardwareOf({ options }, 'kvm', FACTS), chosen);
  t.true(hardwareOf({ options: { vhost: true } }, 'kvm', { ...FACTS, vhostNet: false }).vhost);
  t.false(hardwareOf({ options: { nic: 'e1000e' } }, 'kvm', FACTS).vhost);
});

test('only QEMU alone has microvms, only libvirt a model of the host, and a whole system its own machine', (t) => {
  const refused = { code: 'BAD_OPTION' };
  t.throws(() => withOptions({ id: 'kvm-direct', options: DIRECT_OPTIONS }, { machine: 'microvm' }), refused);
  t.throws(() => withOptions({ id: 'qemu', options: QEMU_OPTIONS }, { cpuModel: 'host-model' }), refused);
  t.throws(() => withOptions({ id: 'kvm', options: SYSTEM_OPTIONS }, { machine: 'pc' }), { code: 'UNKNOWN_OPTION' });
  t.is(withOptions({ id: 'qemu', options: QEMU_OPTIONS }, { machine: 'microvm' })['machine'], 'microvm');
});

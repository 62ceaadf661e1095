import test from 'ava';
import { chooseFirmware, FIRMWARE, firmwareOf, firmwareRefusal } from '../../../runners/kvm/firmware.ts';
import { kvmRunner } from '../../../runners/kvm/index.ts';

test('without a word guests begin with the BIOS, which every QEMU brings', async (t) => {
  t.true(kvmRunner.options?.includes(FIRMWARE));
  t.is(firmwareOf({}), 'seabios');
  t.is(firmwareOf({ options: { firmware: 'ovmf' } }), 'ovmf');
  t.is(firmwareRefusal('seabios'), undefined);
  const { firmware, identity, boot } = await chooseFirmware({});
  t.deepEqual([firmware, identity], ['seabios', []]);
  t.deepEqual(boot({ index: 0, name: 'n', folder: '/f', lease: undefined, mac: undefined }), { from: 'disk' });
});

import { defineRunner, type RunContext } from '../../bench/model/runner.ts';
import { prepareLauncher } from '../../bench/proc/launcher.ts';
import { confinement } from '../../vms/qemu-program.ts';
import { type DirectGuests, prepareDirect } from '../kvm-common/direct.ts';
import { GUEST_PREFIXES } from '../kvm-common/kind.ts';
import { QEMU_OPTIONS } from '../kvm-common/options.ts';
import { qemuAlone } from './domain.ts';
import { probe } from './probe.ts';
import { sweepQemu } from './sweep.ts';

const GUESTS: DirectGuests = {
  manager: 'qemu',
  prefix: GUEST_PREFIXES.qemu,
  folder: 'qemu',
  hypervisor: async ({ stateDir, signal }: RunContext) =>
    qemuAlone({ launcher: await prepareLauncher(stateDir, signal), confinement: await confinement(signal) }),
  daemons: () => [],
};

/** The guests of `kvm-direct` without libvirt: what is missing between the two is libvirt's own. */
export const qemuRunner = defineRunner({
  id: 'qemu',
  apiVersion: 1,
  options: QEMU_OPTIONS,
  probe,
  prepare: (spec, run) => prepareDirect(GUESTS, spec, run),
  sweep: sweepQemu,
});

import { defineRunner } from '../../bench/model/runner.ts';
import { GUEST_PREFIXES } from '../kvm-common/kind.ts';
import { sweepDomains } from '../kvm-common/libvirt.ts';
import { SYSTEM_OPTIONS } from '../kvm-common/options.ts';
import { FIRMWARE } from './firmware.ts';
import { prepareGuests } from './prepared.ts';
import { probe } from './probe.ts';

/** Guests of libvirt and QEMU that boot a whole system from their own disk: the VM as people run it. */
export const kvmRunner = defineRunner({
  id: 'kvm',
  apiVersion: 1,
  options: [FIRMWARE, ...SYSTEM_OPTIONS],
  probe,
  prepare: prepareGuests,
  sweep: (owner, context) => sweepDomains(GUEST_PREFIXES.system, owner, context),
});

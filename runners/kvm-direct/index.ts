import { defineRunner } from '../../bench/model/runner.ts';
import { GUEST_PREFIXES } from '../kvm-common/kind.ts';
import { sweepDomains } from '../kvm-common/libvirt.ts';
import { prepareGuests } from './prepared.ts';
import { probe } from './probe.ts';

/** Guests of libvirt and QEMU, booted directly into a kernel and the same tree that containers run: the fastest honest VM. */
export const kvmDirect = defineRunner({
  id: 'kvm-direct',
  apiVersion: 1,
  probe,
  prepare: prepareGuests,
  sweep: (owner, context) => sweepDomains(GUEST_PREFIXES.direct, owner, context),
});

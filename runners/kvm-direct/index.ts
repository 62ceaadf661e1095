import { defineRunner } from '../../bench/model/runner.ts';
import { daemonPids } from '../../vms/daemons.ts';
import { GUEST_PREFIXES } from '../kvm-common/kind.ts';
import { LIBVIRT, sweepDomains } from '../kvm-common/libvirt.ts';
import { prepareDirect, type DirectGuests } from '../kvm-common/direct.ts';
import { DIRECT_OPTIONS } from '../kvm-common/options.ts';
import { probe } from './probe.ts';

const GUESTS: DirectGuests = {
  manager: 'libvirt',
  prefix: GUEST_PREFIXES.direct,
  folder: 'kvm-direct',
  hypervisor: async () => LIBVIRT,
  daemons: daemonPids,
};

/** Guests of libvirt and QEMU, booted directly into a kernel and the same tree that containers run: the fastest honest VM. */
export const kvmDirect = defineRunner({
  id: 'kvm-direct',
  apiVersion: 1,
  options: DIRECT_OPTIONS,
  probe,
  prepare: (spec, run) => prepareDirect(GUESTS, spec, run),
  sweep: (owner, context) => sweepDomains(GUEST_PREFIXES.direct, owner, context),
});

import type { BoxEngine } from '../../vms/system/boxes.ts';
import { GUEST_PREFIXES, type GuestPrefix } from '../kvm-common/kind.ts';

/** What starts containers inside the guest, and how the two together are called. */
export interface GuestEngine {
  readonly id: 'runc-in-kvm' | 'docker-in-kvm';
  readonly engine: BoxEngine;
  readonly prefix: GuestPrefix;
  /** As people read it. */
  readonly title: string;
  /** What it says inside when a program could not be run at all. */
  readonly notRun: RegExp;
  /** Below which exit code a program has run for certain. */
  readonly ownCodes: number;
}

export const RUNC_IN_KVM: GuestEngine = {
  id: 'runc-in-kvm',
  engine: 'runc',
  prefix: GUEST_PREFIXES.runcIn,
  title: 'runc',
  notRun: /exec failed|unable to start container process|container .* (?:not running|does not exist)/,
  ownCodes: 1,
};

export const DOCKER_IN_KVM: GuestEngine = {
  id: 'docker-in-kvm',
  engine: 'docker',
  prefix: GUEST_PREFIXES.dockerIn,
  title: 'Docker',
  notRun: /^OCI runtime exec failed|^Error response from daemon/m,
  ownCodes: 125,
};

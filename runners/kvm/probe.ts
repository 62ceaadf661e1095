import type { HostContext, Support } from '../../bench/model/runner.ts';
import { designedDifferences, GUEST_PROGRAMS, probeGuests } from '../kvm-common/accelerator.ts';

/** A full system's disk needs more programs; `genisoimage` is needed only with an image of somebody else's. */
const PROGRAMS = [...GUEST_PROGRAMS, 'sfdisk', 'chroot', 'du'] as const;

/** Says what full guests would run on here, or what keeps them from running. Changes nothing. */
export async function probe(host: HostContext): Promise<Support> {
  return await probeGuests(host, PROGRAMS, {
    as: { kvm: 'kvm', tcg: 'tcg-system' },
    boot: 'full system',
    designed: designedDifferences('booted from its own disk by firmware, boot loader and systemd'),
  });
}

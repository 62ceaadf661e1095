import type { HostContext, Support } from '../../bench/model/runner.ts';
import { designedDifferences, GUEST_PROGRAMS, probeGuests } from '../kvm-common/accelerator.ts';

/** Says what directly booted guests would run on here, or what keeps them from running. Changes nothing. */
export async function probe(host: HostContext): Promise<Support> {
  return await probeGuests(host, GUEST_PROGRAMS, {
    as: { kvm: 'kvm-direct', tcg: 'tcg-direct' },
    boot: 'direct boot',
    designed: designedDifferences('booted directly with an initial file tree of ours'),
  });
}

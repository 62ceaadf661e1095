import { CleanupError } from '../../bench/errors.ts';
import type { OwnerFilter, ResourceRef } from '../../bench/model/owner.ts';
import type { SweepContext } from '../../bench/model/runner.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { GUEST_PREFIXES } from '../kvm-common/kind.ts';
import { INSTANCE_VARIABLE, killUntilGone, processesWith, variableOf } from '../shared/processes.ts';

/**
 * Kills guests of matching runs, by the name of the instance in their environment, and what would become one. Their taps and folders
 * are swept with those of all runners.
 * @throws CleanupError `PROCESS_STAYS`.
 */
export async function sweepQemu(owner: OwnerFilter, context: SweepContext): Promise<readonly ResourceRef[]> {
  const find = () =>
    processesWith(INSTANCE_VARIABLE, (name) => {
      const tag = tagOf(name);
      return tag !== undefined && owner.matches(tag) && name.startsWith(ownedName(tag, GUEST_PREFIXES.qemu));
    });
  const refs = find().map(({ pid }): ResourceRef => {
    const tag = tagOf(variableOf(pid, INSTANCE_VARIABLE) ?? '') ?? '';
    return { kind: 'process', id: String(pid), tag };
  });
  if (context.dryRun || refs.length === 0 || (await killUntilGone(find))) return refs;
  const pids = find().map(({ pid }) => pid);
  throw new CleanupError('PROCESS_STAYS', `guests could not be killed: ${pids.join(', ')}`);
}

import type { OwnerFilter, ResourceRef } from '../../bench/model/owner.ts';
import type { SweepContext } from '../../bench/model/runner.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { destroyDomain, listDomains, ownerTagOf, undefineDomain } from '../../vms/virsh.ts';
import type { GuestPrefix } from './kind.ts';

/**
 * Removes domains of one kind whose name and metadata both say that they are of a run that matches. Their files lie in the run's
 * folder, which the caller removes.
 * @throws ResourceError `SERVICE_DOWN`: libvirt cannot be asked.
 */
export async function sweepGuests(
  prefix: GuestPrefix,
  owner: OwnerFilter,
  context: SweepContext,
): Promise<readonly ResourceRef[]> {
  const removed: ResourceRef[] = [];
  for (const name of await listDomains(context.signal)) {
    const tag = tagOf(name);
    if (tag === undefined || !owner.matches(tag) || !name.startsWith(ownedName(tag, prefix))) continue;
    if ((await ownerTagOf(name, context.signal)) !== tag) continue;
    removed.push({ kind: 'domain', id: name, tag });
    if (context.dryRun) continue;
    await destroyDomain(name);
    await undefineDomain(name);
  }
  return removed;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder } from '../../bench/image/folder.ts';
import type { OwnerFilter, ResourceRef } from '../../bench/model/owner.ts';
import type { SweepContext } from '../../bench/model/runner.ts';
import { sweepFolders, sweepVeths } from '../oci/runner.ts';
import { runFolders, type Sweep, sweepAll, sweepCgroups, sweepEach } from '../shared/sweep.ts';
import { containersOf, killContainers, LOCKS, lxcPath, removeLocks } from './cli.ts';

const sweepContainers =
  (id: string): Sweep =>
  async (owner, context) => {
    const found: ResourceRef[] = [];
    for (const { path, tag } of runFolders(context.stateDir, owner)) {
      const below = lxcPath(id, path);
      const containers = (await containersOf(below)).map((name) => ({ kind: 'container', id: name, tag }) as const);
      if (containers.length > 0 && !context.dryRun) await killContainers(below);
      found.push(...(await sweepEach(containers, context, (name) => removeFolder(join(below, name)))));
    }
    return found;
  };

/** LXC's locks lie below a folder of its own by the same paths. */
const sweepLocks =
  (id: string): Sweep =>
  async (owner, context) => {
    const found = runFolders(join(LOCKS, context.stateDir), owner)
      .map(({ path, tag }) => ({ kind: 'folder', id: lxcPath(id, path), tag }) as const)
      .filter((folder) => existsSync(folder.id));
    return sweepEach(found, context, (folder) => removeLocks(folder.slice(LOCKS.length)));
  };

/** Everything of LXC's that matching owners left behind. */
export function sweepLxc(id: string, owner: OwnerFilter, context: SweepContext): Promise<readonly ResourceRef[]> {
  const own = [sweepContainers(id), sweepCgroups, sweepVeths, sweepLocks(id), sweepFolders({ id })];
  return sweepAll(own, owner, context);
}

import { readFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ResourceError } from '../../bench/errors.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import { allPids, isRunning, killUntilGone, ownLineage, statOf } from '../shared/processes.ts';

/** LXC keeps a lock file of every container here, below its lxcpath, and never removes it. */
export const LOCKS = '/run/lxc/lock';

/** Where a runner's containers of a run are, in the sense of LXC's option `-P`: nobody else's are there. */
export function lxcPath(id: string, runDir: string): string {
  return join(runDir, id);
}

/** argv of one of LXC's commands on a container. */
export function lxcArgv(
  program: string,
  { path, name }: { readonly path: string; readonly name: string },
  words: readonly string[],
): readonly string[] {
  return [program, '-P', path, '-n', name, ...words];
}

/**
 * Whether a command line (/proc/PID/cmdline) is of one of LXC's programs that works on a container of this lxcpath. Of the process
 * that stays beside a container it is `[lxc monitor] LXCPATH NAME`.
 * @param name default: any container.
 */
export function worksOn(commandLine: string, path: string, name?: string): boolean {
  const [first = '', ...words] = commandLine.split(/[\0 ]/);
  if (!/^(?:\[lxc|(?:.*\/)?lxc-\w+)$/.test(first)) return false;
  return words.includes(path) && (name === undefined || words.includes(name));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Kills LXC's processes of a container, or of all of an lxcpath; a container ends with the one beside it.
 * @throws ResourceError `PROCESS_STAYS`.
 */
export async function killContainers(path: string, name?: string): Promise<void> {
  const find = () => {
    const lineage = ownLineage();
    const pids = allPids().filter((pid) => !lineage.has(pid) && worksOn(commandLineOf(pid), path, name));
    return pids.map(statOf).filter(isRunning);
  };
  if (await killUntilGone(find)) return;
  throw new ResourceError('PROCESS_STAYS', `LXC's processes of ${name ?? path} could not be killed`);
}

/** Names of the containers of an lxcpath, running or not. */
export async function containersOf(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).filter((name) => tagOf(name) !== undefined);
  } catch {
    return [];
  }
}

/** Removes the lock file of a container. */
export async function removeLock({ path, name }: { readonly path: string; readonly name: string }): Promise<void> {
  await rm(join(LOCKS, path, `.${name}`), { force: true });
}

/** Removes the folder with an lxcpath's locks, and those above it that are empty then. */
export async function removeLocks(path: string): Promise<void> {
  await removeFolder(join(LOCKS, path));
  try {
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) await rmdir(join(LOCKS, folder));
  } catch {
    // Somebody else's locks are there, or it has gone already.
  }
}

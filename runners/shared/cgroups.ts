import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ResourceError } from '../../bench/errors.ts';
import type { OwnerFilter } from '../../bench/model/owner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import { type Mount, mountsOf } from './mounts.ts';
import { signalProcess } from './processes.ts';

/** One mounted cgroup hierarchy. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** v1: what is mounted here, `name=systemd` included; v2: what the root offers. */
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** The cgroup that is seen at the mount point. */
  readonly root: string;
}

const REMOVE_TIMEOUT_MS = 30_000;

/** A memory limit of v1 from here on means none: the kernel rounds its maximum down to a page. */
const NO_LIMIT = 2 ** 62;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

let mounted: readonly Hierarchy[] | undefined;

/**
 * The hierarchies among these mounts. Those of this process are looked for once: they stay, and the host's list of mounts is
 * long while a thousand containers have theirs in it.
 */
export function hierarchies(mounts?: readonly Mount[]): readonly Hierarchy[] {
  if (mounts) return hierarchiesAmong(mounts);
  mounted ??= hierarchiesAmong(mountsOf());
  return mounted;
}

function hierarchiesAmong(mounts: readonly Mount[]): readonly Hierarchy[] {
  return mounts.flatMap(({ type, root, mountPoint, superOptions }): Hierarchy[] => {
    if (type === 'cgroup2') {
      const controllers = (read(join(mountPoint, 'cgroup.controllers')) ?? '').split(' ').filter((name) => name !== '');
      return [{ version: 2, controllers, mountPoint, root }];
    }
    if (type !== 'cgroup') return [];
    const controllers = superOptions
      .split(',')
      .filter((option) => !['rw', 'ro', 'xattr', 'clone_children'].includes(option));
    return [{ version: 1, controllers, mountPoint, root }];
  });
}

/** The version that runs the memory controller here: what decides how limits are set. */
export function cgroupVersion(all: readonly Hierarchy[] = hierarchies()): 1 | 2 | null {
  const memory = all.find(({ controllers }) => controllers.includes('memory'));
  return memory?.version ?? null;
}

/** Controllers without which an instance cannot be limited. */
export function missingControllers(all: readonly Hierarchy[] = hierarchies()): readonly string[] {
  return ['cpuset', 'memory'].filter((name) => !all.some(({ controllers }) => controllers.includes(name)));
}

/** A process's cgroup folders by controller; the v2 one, if there is any, under the empty name. */
export function cgroupsOf(pid: number, all: readonly Hierarchy[] = hierarchies()): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const line of (read(`/proc/${pid}/cgroup`) ?? '').split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === undefined || path === undefined) continue;
    const hierarchy = all.find(({ version, controllers }) =>
      names === '' ? version === 2 : version === 1 && names.split(',').every((name) => controllers.includes(name)),
    );
    if (!hierarchy) continue;
    const below = hierarchy.root === '/' ? path : path.slice(hierarchy.root.length);
    for (const name of names.split(',')) folders.set(name, join(hierarchy.mountPoint, below));
  }
  return folders;
}

/** What the kernel enforces on a cgroup. Null: no limit, or not readable. */
export interface CgroupLimits {
  readonly memoryBytes: number | null;
  readonly swapBytes: number | null;
  readonly cpuQuota: number | null;
}

function finite(text: string | undefined): number | null {
  const value = Number(text ?? Number.NaN);
  return text !== undefined && text !== '' && Number.isFinite(value) && value < NO_LIMIT ? value : null;
}

function limitsV1(folders: ReadonlyMap<string, string>): CgroupLimits {
  const from = (controller: string, file: string) => {
    const folder = folders.get(controller);
    return folder === undefined ? undefined : read(join(folder, file));
  };
  const memoryBytes = finite(from('memory', 'memory.limit_in_bytes'));
  const withSwap = finite(from('memory', 'memory.memsw.limit_in_bytes'));
  const quota = finite(from('cpu', 'cpu.cfs_quota_us'));
  const period = finite(from('cpu', 'cpu.cfs_period_us'));
  return {
    memoryBytes,
    swapBytes: memoryBytes !== null && withSwap !== null ? withSwap - memoryBytes : null,
    cpuQuota: quota !== null && period !== null && quota > 0 ? quota / period : null,
  };
}

function smaller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** What binds is the narrowest on the way up: an engine may limit a cgroup and put its processes into one below. */
function limitsV2(folder: string): CgroupLimits {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').split(' ').map((word) => finite(word));
  const own = {
    memoryBytes: finite(read(join(folder, 'memory.max'))),
    swapBytes: finite(read(join(folder, 'memory.swap.max'))),
    cpuQuota: typeof quota === 'number' && typeof period === 'number' ? quota / period : null,
  };
  const parent = dirname(folder);
  if (!existsSync(join(parent, 'cgroup.procs'))) return own;
  const above = limitsV2(parent);
  return {
    memoryBytes: smaller(own.memoryBytes, above.memoryBytes),
    swapBytes: smaller(own.swapBytes, above.swapBytes),
    cpuQuota: smaller(own.cpuQuota, above.cpuQuota),
  };
}

/** The limits of these folders, as `cgroupsOf` gives them. */
export function limitsOf(folders: ReadonlyMap<string, string>): CgroupLimits {
  const unified = folders.get('');
  if (folders.has('memory') || unified === undefined) return limitsV1(folders);
  return limitsV2(unified);
}

/** CPU nanoseconds that a cgroup has used since it was made; null where nobody counts. */
export function cgroupCpuNs(folders: ReadonlyMap<string, string>): number | null {
  const counted = folders.get('cpuacct');
  if (counted !== undefined) return finite(read(join(counted, 'cpuacct.usage')));
  const unified = folders.get('');
  if (unified === undefined) return null;
  const micros = finite(/^usage_usec (\d+)$/m.exec(read(join(unified, 'cpu.stat')) ?? '')?.[1]);
  return micros === null ? null : micros * 1000;
}

/** One folder that lists all processes of the instance: of the memory hierarchy, else the unified one. */
export function processFolder(folders: ReadonlyMap<string, string>): string | undefined {
  return folders.get('memory') ?? folders.get('');
}

/** Pids in a cgroup itself; empty where it is gone. */
export function pidsIn(folder: string): readonly number[] {
  return (read(join(folder, 'cgroup.procs')) ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Folders below `parent`, two levels deep at most, whose name bears a matching tag. */
function ownedFolders(parent: string, owner: OwnerFilter, depth: number): readonly { path: string; tag: string }[] {
  let names: readonly string[];
  try {
    names = readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(parent, name);
    const tag = tagOf(name);
    if (tag !== undefined) return owner.matches(tag) ? [{ path, tag }] : [];
    // Where systemd runs, runc's scopes lie in system.slice.
    return depth > 0 && name.endsWith('.slice') ? ownedFolders(path, owner, depth - 1) : [];
  });
}

/** Cgroups of this name in every hierarchy, as runc makes them: at the top, or a scope of systemd's. */
export function cgroupsNamed(name: string): readonly string[] {
  const places = hierarchies().flatMap(({ mountPoint }) => [
    join(mountPoint, name),
    join(mountPoint, 'system.slice', `${name}.scope`),
  ]);
  return places.filter((path) => existsSync(path));
}

/** Cgroups of matching owners in every hierarchy. */
export function ownedCgroups(owner: OwnerFilter): readonly { readonly path: string; readonly tag: string }[] {
  return hierarchies().flatMap(({ mountPoint }) => ownedFolders(mountPoint, owner, 1));
}

function withChildren(folder: string): readonly string[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  return [...names.flatMap((name) => withChildren(join(folder, name))), folder];
}

function killAndRemove(folder: string): boolean {
  for (const path of withChildren(folder)) {
    try {
      writeFileSync(join(path, 'cgroup.kill'), '1');
    } catch {
      for (const pid of pidsIn(path)) signalProcess(pid, 'SIGKILL');
    }
    try {
      rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false;
    }
  }
  return true;
}

/** Kills what is in a cgroup of ours and removes it with those below it; one that is gone is fine. */
export async function removeCgroup(folder: string): Promise<void> {
  if (tagOf(basename(folder)) === undefined) throw new ResourceError('NOT_OURS', `${folder} bears no tag of tare`);
  if (await waitUntil(() => killAndRemove(folder), { timeoutMs: REMOVE_TIMEOUT_MS })) return;
  throw new ResourceError('CGROUP_STAYS', `the cgroup ${folder} could not be removed`, {
    hint: `see which processes are in ${folder}/cgroup.procs`,
  });
}

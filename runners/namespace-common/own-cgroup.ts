import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cgroupsOf, type Hierarchy, hierarchies } from '../shared/cgroups.ts';
import type { CgroupDriver } from '../oci/runtime.ts';
import { DEVICES } from '../oci/config.ts';

const LIMITED = fileURLToPath(new URL('limited.sh', import.meta.url));

/** What limits an instance or counts what it uses; it shares the rest with whoever started it. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'pids'];

/** What may be opened beside the common devices: /dev/ptmx and every pseudo-terminal. Any device may be made, as in Docker. */
const MORE_DEVICES_V1 = ['c *:* m', 'b *:* m', 'c 5:2 rwm', 'c 136:* rwm'];
const DEVICES_SYSTEMD = [
  ...['char-* m', 'block-* m', 'char-pts rwm'],
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx'].map((name) => `/dev/${name} rwm`),
];

export interface CgroupSpec {
  /** Of the cgroup; bears the owner's tag. */
  readonly name: string;
  readonly cpus: readonly number[];
  readonly memoryBytes: number;
  /** `all`: every hierarchy of version 1 that is mounted, for a program that makes cgroups of its own below. */
  readonly hierarchies: 'limiting' | 'all';
}

/** A cgroup that an instance is started in. */
export interface OwnCgroup {
  /** Makes the cgroup and becomes the command in it. */
  readonly words: (command: readonly string[]) => readonly string[];
  /** Text of the file of limits; undefined where systemd is told them by `words`. */
  readonly limits: string | undefined;
  /** Folders of the cgroup of version 1. */
  readonly folders: readonly string[];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** What the limits of a cgroup have to fit into. */
export interface ParentCgroup {
  /** NUMA nodes that may be used, as in `0-1`. */
  readonly mems: string;
  /** Whether the kernel limits swap. */
  readonly countsSwap: boolean;
}

function parentOf(all: readonly Hierarchy[]): ParentCgroup {
  const folder = (controller: string) => hierarchyOf(controller, all)?.mountPoint ?? '/nonexistent';
  return {
    mems: read(join(folder('cpuset'), 'cpuset.mems')),
    countsSwap: existsSync(join(folder('memory'), 'memory.memsw.limit_in_bytes')),
  };
}

function hierarchyOf(controller: string, all: readonly Hierarchy[]): Hierarchy | undefined {
  return all.find(({ version, controllers }) => version === 1 && controllers.includes(controller));
}

/** Where an instance's cgroups of version 1 are. */
export function foldersV1(spec: CgroupSpec, all: readonly Hierarchy[]): readonly string[] {
  const limiting = ({ version, controllers }: Hierarchy) =>
    version === 1 && controllers.some((controller) => CONTROLLERS.includes(controller));
  return all
    .filter((hierarchy) => spec.hierarchies === 'all' || limiting(hierarchy))
    .map(({ mountPoint }) => join(mountPoint, spec.name));
}

/** Lines of `FILE VALUE`, to be written in their order before anything is in the cgroup. */
export function limitsV1(spec: CgroupSpec, all: readonly Hierarchy[], parent = parentOf(all)): string {
  const lines: string[] = [];
  const set = (controller: string, file: string, ...values: readonly string[]) => {
    const hierarchy = hierarchyOf(controller, all);
    if (!hierarchy) return;
    const path = join(hierarchy.mountPoint, spec.name, file);
    lines.push(...values.map((value) => `${path} ${value}\n`));
  };
  set('cpuset', 'cpuset.cpus', spec.cpus.join());
  set('cpuset', 'cpuset.mems', parent.mems);
  set('memory', 'memory.limit_in_bytes', String(spec.memoryBytes));
  // Memory and swap together: the same figure leaves no swap.
  if (parent.countsSwap) set('memory', 'memory.memsw.limit_in_bytes', String(spec.memoryBytes));
  set('devices', 'devices.deny', 'a');
  const common = DEVICES.map(([major, minor]) => `c ${major}:${minor} rwm`);
  set('devices', 'devices.allow', ...MORE_DEVICES_V1, ...common);
  return lines.join('');
}

/** The same limits as properties of a scope, as systemd takes them. */
export function scopeProperties({ cpus, memoryBytes }: CgroupSpec): readonly string[] {
  return [
    // All controllers, and nobody but the instance makes cgroups below.
    'Delegate=yes',
    `AllowedCPUs=${cpus.join()}`,
    ...[`MemoryMax=${memoryBytes}`, 'MemorySwapMax=0'],
    'DevicePolicy=strict',
    ...DEVICES_SYSTEMD.map((device) => `DeviceAllow=${device}`),
  ];
}

/**
 * The instance's cgroup: on version 1 folders that a script makes; where cgroups v2 belong to systemd a scope that it is asked
 * for, since it may take controllers away again from a cgroup that it does not know.
 * @param limitsFile where the text of `limits` will be.
 */
export function ownCgroup(
  driver: CgroupDriver,
  spec: CgroupSpec,
  limitsFile: string,
  all: readonly Hierarchy[] = hierarchies(),
): OwnCgroup {
  if (driver.systemd) {
    const properties = scopeProperties(spec).map((property) => `--property=${property}`);
    const scope = ['systemd-run', '--scope', '--quiet', '--collect', `--unit=${spec.name}`, '--slice=system.slice'];
    return { words: (command) => [...scope, ...properties, '--', ...command], limits: undefined, folders: [] };
  }
  const folders = foldersV1(spec, all);
  return {
    words: (command) => ['sh', LIMITED, limitsFile, ...folders, '--', ...command],
    limits: limitsV1(spec, all),
    folders,
  };
}

/** The path up to the cgroup of this name; undefined where the path does not lead into it. */
export function upToOwn(path: string, name: string): string | undefined {
  const parts = path.split('/');
  const at = parts.findIndex((part) => part === name || part === `${name}.scope`);
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}

/** Of a process in the instance's cgroup: the folders that its limits are set in, by controller, as `cgroupsOf` gives them. */
export function ownFolders(pid: number, name: string): ReadonlyMap<string, string> {
  const own = [...cgroupsOf(pid)].flatMap(([controller, path]) => {
    const folder = upToOwn(path, name);
    return folder === undefined ? [] : [[controller, folder] as const];
  });
  return new Map(own);
}

/** Folders that a further process has to join to be in the same cgroups as this one, as far as they are the instance's. */
export function joinedFolders(pid: number, name: string): readonly string[] {
  return [...new Set(cgroupsOf(pid).values())].filter((path) => upToOwn(path, name) !== undefined);
}

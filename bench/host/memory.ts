import { dirname, join } from 'node:path';
import { UnsupportedError } from '../errors.ts';
import { readText } from './files.ts';
import { parseMounts } from './mounts.ts';

/** The memory that this process may use. In a limited cgroup that is less than the host's, by its own count. */
export interface MemoryState {
  /** MemTotal, or the lowest limit of a cgroup that this process is in. */
  readonly totalBytes: number;
  /** The least of MemAvailable and what those cgroups leave, page cache that can be dropped at once included. */
  readonly availableBytes: number;
  /** MemTotal − MemAvailable of the whole host, whatever limits there are, without what this process itself holds. */
  readonly hostUsedBytes: number;
}

/** One cgroup that may limit memory, and the files that say so. */
export interface MemoryCgroup {
  readonly folder: string;
  readonly version: 1 | 2;
}

const FILES = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' },
  2: { limit: 'memory.max', usage: 'memory.current', reclaimable: 'inactive_file' },
} as const;

/** MemTotal and MemAvailable in bytes; null where the text lacks one. */
export function parseMeminfo(meminfo: string): { readonly totalBytes: number; readonly availableBytes: number } | null {
  const [total, available] = ['MemTotal', 'MemAvailable'].map(
    (name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1],
  );
  if (total === undefined || available === undefined) return null;
  return { totalBytes: Number(total) * 1024, availableBytes: Number(available) * 1024 };
}

/** The folder and all above it, up to and with the mount point. */
function upTo(mountPoint: string, folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder; at !== mountPoint && at.startsWith(`${mountPoint}/`); at = dirname(at))
    folders.push(dirname(at));
  return folders;
}

/**
 * The folders of a controller's cgroups that this process is in, the innermost first. In a container the way up ends at
 * what it sees. None where the controller is not mounted.
 */
export function ownCgroups(controller: string, root = ''): readonly MemoryCgroup[] {
  const lines = (readText(`${root}/proc/self/cgroup`) ?? '').split('\n').flatMap((line) => {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return names === undefined || path === undefined ? [] : [{ names: names.split(','), path }];
  });
  const first = lines.find(({ names }) => names.includes(controller));
  const own = first ?? lines.find(({ names }) => names.join() === '');
  const version = first ? 1 : 2;
  const mount = parseMounts(readText(`${root}/proc/self/mountinfo`) ?? '').findLast(({ type, options }) =>
    version === 1 ? type === 'cgroup' && options.includes(controller) : type === 'cgroup2',
  );
  if (!own || !mount) return [];
  // A path that leads out of what is seen here says nothing of what is below.
  const seen = own.path === mount.root || own.path.startsWith(mount.root === '/' ? '/' : `${mount.root}/`);
  const below =
    seen && !own.path.split('/').includes('..') ? own.path.slice(mount.root === '/' ? 0 : mount.root.length) : '';
  const mountPoint = `${root}${mount.point}`;
  return upTo(mountPoint, join(mountPoint, below)).map((folder) => ({ folder, version }));
}

function numberIn(path: string): number | null {
  const text = readText(path)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Limit and what is left of it; null where the cgroup has none. */
function leftIn({ folder, version }: MemoryCgroup): { readonly limit: number; readonly left: number } | null {
  const files = FILES[version];
  const limit = numberIn(join(folder, files.limit));
  const usage = numberIn(join(folder, files.usage));
  if (limit === null || usage === null) return null;
  const stat = readText(join(folder, 'memory.stat')) ?? '';
  const reclaimable = new RegExp(`^${files.reclaimable} (\\d+)$`, 'm').exec(stat)?.[1];
  return { limit, left: Math.max(0, limit - usage + Number(reclaimable ?? 0)) };
}

/** Anonymous memory of this process: the harness remembers something of every instance, which no instance takes. */
function ownBytes(root: string): number {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readText(`${root}/proc/self/status`) ?? '') ?? [];
  // Kernels before 4.5 do not tell: then it is counted like anybody else's.
  return Number(kibibytes ?? 0) * 1024;
}

/**
 * Reads a handful of small files, synchronously, so that it can be asked many times a second.
 * @param cgroups those of `ownCgroups('memory')`, which stay the same.
 * @throws UnsupportedError `NO_MEMINFO`.
 */
export function readMemory(cgroups: readonly MemoryCgroup[], root = ''): MemoryState {
  const host = parseMeminfo(readText(`${root}/proc/meminfo`) ?? '');
  if (!host) {
    throw new UnsupportedError('NO_MEMINFO', '/proc/meminfo does not say how much memory is available', {
      hint: 'a density ramp cannot protect this host, and is not begun',
    });
  }
  const limits = cgroups.flatMap((cgroup) => leftIn(cgroup) ?? []);
  return {
    totalBytes: Math.min(host.totalBytes, ...limits.map(({ limit }) => limit)),
    availableBytes: Math.min(host.availableBytes, ...limits.map(({ left }) => left)),
    hostUsedBytes: host.totalBytes - host.availableBytes - ownBytes(root),
  };
}

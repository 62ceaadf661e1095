import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../proc/exec.ts';
import { namesIn, readText } from './files.ts';
import { ownCgroups } from './memory.ts';
import { allPids } from './process-stat.ts';
import { freeBytes } from './space.ts';

/** Something that the kernel gives out only so often. */
export interface KernelCounter {
  /** As it stands in a sentence, e.g. `inotify instances of user 0 (fs.inotify.max_user_instances)`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  /** What is to be left to the rest of the host. */
  readonly reserve: number;
}

/** Free bytes that a ramp leaves on the disk. */
const DISK_RESERVE = 2 * 2 ** 30;

/** A tenth is left to the host: what runs out takes every other program down with it. */
function counter(name: string, used: number | null, limit: number | null): readonly KernelCounter[] {
  if (used === null || limit === null) return [];
  return [{ name, used, limit, reserve: Math.ceil(limit / 10) }];
}

function numberIn(path: string): number | null {
  const text = readText(path)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

/**
 * Neighbours that the host itself talks to. Those in instances' own namespaces count for the kernel's table too, but are loopback's,
 * which it drops when the table is full.
 */
function neighbours(root: string): number | null {
  const lines = readText(`${root}/proc/net/arp`)
    ?.split('\n')
    .filter((line) => line !== '');
  return lines === undefined ? null : Math.max(0, lines.length - 1);
}

/** Scheduling entities of the whole host: every thread takes a pid. */
function tasks(root: string): number | null {
  const count = /^\S+ \S+ \S+ \d+\/(\d+) /.exec(readText(`${root}/proc/loadavg`) ?? '')?.[1];
  return count === undefined ? null : Number(count);
}

function least(...values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function linkTo(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** How many inotify instances each user's processes hold open; takes about 2 µs for every open file of the host. */
function inotifyByUser(root: string): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  for (const pid of allPids(root)) {
    const folder = `${root}/proc/${pid}`;
    const held = namesIn(`${folder}/fd`).filter((fd) => linkTo(`${folder}/fd/${fd}`) === 'anon_inode:inotify').length;
    if (held === 0) continue;
    const user = /^Uid:\s+(\d+)/m.exec(readText(`${folder}/status`) ?? '')?.[1];
    if (user !== undefined) users.set(user, (users.get(user) ?? 0) + held);
  }
  return users;
}

function inotify(root: string): readonly KernelCounter[] {
  const limit = numberIn(`${root}/proc/sys/fs/inotify/max_user_instances`);
  return [...inotifyByUser(root)].flatMap(([user, used]) =>
    counter(`inotify instances of user ${user} (fs.inotify.max_user_instances)`, used, limit),
  );
}

/** Tasks in the cgroups that tare is in, and so are native instances. */
function cgroupPids(root: string): readonly KernelCounter[] {
  return ownCgroups('pids', root).flatMap(({ folder }) =>
    counter(
      `tasks of the cgroup ${folder} (pids.max)`,
      numberIn(join(folder, 'pids.current')),
      numberIn(join(folder, 'pids.max')),
    ),
  );
}

function openFilesLimit(root: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(readText(`${root}/proc/self/limits`) ?? '')?.[1];
  return soft === undefined ? null : Number(soft);
}

function mounts(root: string): number | null {
  return readText(`${root}/proc/self/mountinfo`)?.split('\n').length ?? null;
}

/** Of all containers together; what is kept for the host's own terminals is not theirs. */
function terminals(root: string): readonly KernelCounter[] {
  const pty = (name: string) => numberIn(`${root}/proc/sys/kernel/pty/${name}`);
  const most = pty('max');
  const limit = most === null ? null : most - (pty('reserve') ?? 0);
  return counter('pseudo-terminals (kernel.pty.max)', pty('nr'), limit);
}

function disk(stateDir: string): readonly KernelCounter[] {
  // Free bytes shrink; the counter counts up, and only differences of what is used mean something.
  const free = freeBytes(stateDir);
  return [{ name: `free space below ${stateDir}`, used: -free, limit: 0, reserve: DISK_RESERVE }];
}

/** Limits that a large number of instances meets, and how much of each is in use now. Those that the host does not tell are left out. */
export function kernelCounters(stateDir: string, root = ''): readonly KernelCounter[] {
  const sys = (path: string) => numberIn(`${root}/proc/sys/${path}`);
  return [
    ...counter(
      'processes and threads (kernel.pid_max, kernel.threads-max)',
      tasks(root),
      least(sys('kernel/pid_max'), sys('kernel/threads-max')),
    ),
    ...cgroupPids(root),
    ...inotify(root),
    ...counter('asynchronous I/O requests (fs.aio-max-nr)', sys('fs/aio-nr'), sys('fs/aio-max-nr')),
    ...counter(
      'IPv4 neighbours (net.ipv4.neigh.default.gc_thresh3)',
      neighbours(root),
      sys('net/ipv4/neigh/default/gc_thresh3'),
    ),
    ...terminals(root),
    ...counter('mounts (fs.mount-max)', mounts(root), sys('fs/mount-max')),
    ...counter('open files of tare (RLIMIT_NOFILE)', namesIn(`${root}/proc/self/fd`).length, openFilesLimit(root)),
    ...disk(stateDir),
  ];
}

/** Lets this process hold that many files open, where it may not yet and may be allowed to. Refusal is no error: it is a limit. */
export async function allowOpenFiles(wanted: number): Promise<void> {
  if ((openFilesLimit('') ?? wanted) >= wanted) return;
  await exec(['prlimit', '--pid', String(process.pid), `--nofile=${wanted}:${wanted}`], { accept: 'any' });
}

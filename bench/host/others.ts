import { readText } from './files.ts';
import { allPids, NS_PER_TICK, type ProcessStat, readProcessStat } from './process-stat.ts';

/** Daemons that work for our instances; a name ending in `*` is a prefix. */
const DAEMONS = [
  ...['dockerd', 'containerd', 'containerd-shim*', 'docker-proxy', 'podman', 'conmon'],
  ...['libvirtd', 'virtqemud', 'virtlogd', 'virtlockd', 'virtnetworkd', 'virtstoraged', 'dnsmasq'],
];

const INIT = 1;
const KTHREADD = 2;

/** The processes of the host at one moment, kernel threads left out where the kernel lists them. */
export interface ProcessTable {
  readonly self: number;
  readonly processes: ReadonlyMap<number, ProcessStat>;
}

function kernelThreads(root: string): ReadonlySet<number> {
  const children = readText(`${root}/proc/${KTHREADD}/task/${KTHREADD}/children`) ?? '';
  return new Set([KTHREADD, ...children.split(' ').map(Number)]);
}

/** Reads /proc once: about 10 µs for each process. */
export function readProcessTable(self: number = process.pid, root = ''): ProcessTable {
  const skipped = kernelThreads(root);
  const processes = new Map<number, ProcessStat>();
  for (const pid of allPids(root)) {
    const stat = skipped.has(pid) ? null : readProcessStat(pid, root);
    if (stat !== null) processes.set(pid, stat);
  }
  return { self, processes };
}

/** The process, its parent, and so on up to init. */
function lineage(table: ProcessTable, pid: number): readonly number[] {
  const line: number[] = [];
  for (let at = pid; at > 0 && !line.includes(at); at = table.processes.get(at)?.ppid ?? 0) line.push(at);
  return line;
}

function isDaemon(comm: string): boolean {
  return DAEMONS.some((name) => (name.endsWith('*') ? comm.startsWith(name.slice(0, -1)) : comm === name));
}

/**
 * What processes that have ended since had used by then, by the nearest ancestor that still lives: it comes up again in what
 * that one has waited for, although it was used earlier.
 */
function usedEarlier(before: ProcessTable, after: ProcessTable): ReadonlyMap<number, number> {
  const lives = (pid: number) => after.processes.get(pid)?.startTime === before.processes.get(pid)?.startTime;
  const earlier = new Map<number, number>();
  for (const [pid, { ownTicks, reapedTicks }] of before.processes) {
    const heir = lives(pid) ? undefined : lineage(before, pid).find(lives);
    if (heir !== undefined) earlier.set(heir, (earlier.get(heir) ?? 0) + ownTicks + reapedTicks);
  }
  return earlier;
}

/**
 * CPU nanoseconds that processes other than ours used between two tables. Ours are tare with its descendants and the daemons
 * that work for it, whoever else they work for. A process counts with the children that it waited for in between, which is
 * how work of short-lived processes (a build, say) is seen; but init and tare's ancestors count without them, since they
 * inherit and wait for processes of our own instances.
 *
 * A lower bound: not counted are processes that ended unseen by a parent that still lives, kernel threads and interrupts.
 * Resolution: two ticks (20 ms) a process.
 */
export function othersNs(before: ProcessTable, after: ProcessTable): number {
  const heirs = new Set([INIT, ...lineage(after, after.self)]);
  const earlier = usedEarlier(before, after);
  let ticks = 0;
  for (const [pid, now] of after.processes) {
    const ours = now.ppid === KTHREADD || isDaemon(now.comm) || lineage(after, pid).includes(after.self);
    if (ours) continue;
    const then = before.processes.get(pid);
    const known = then?.startTime === now.startTime ? then : undefined;
    ticks += now.ownTicks - (known?.ownTicks ?? 0);
    const reaped = now.reapedTicks - (known?.reapedTicks ?? 0) - (earlier.get(pid) ?? 0);
    if (!heirs.has(pid)) ticks += Math.max(0, reaped);
  }
  return ticks * NS_PER_TICK;
}

import { namesIn, readText } from './files.ts';
import { NS_PER_TICK, readProcessStat } from './process-stat.ts';

/** CPU nanoseconds of a process's living threads, exact; null where the kernel does not count them. */
function threadsNs(pid: number, root: string): number | null {
  let sum = 0;
  for (const thread of namesIn(`${root}/proc/${pid}/task`)) {
    const text = readText(`${root}/proc/${pid}/task/${thread}/schedstat`);
    // A thread that ended since it was listed is in the ticks of its process from now on.
    if (text === null) continue;
    const ns = Number(text.split(' ')[0]);
    if (!Number.isFinite(ns)) return null;
    sum += ns;
  }
  return sum;
}

/**
 * One process with the children that it has waited for. The ticks of /proc/PID/stat hold everything, also of threads that
 * have ended, but round down by up to two ticks; the nanoseconds per thread are exact, but lose threads that have ended.
 * Neither ever says too much, so the larger one is the better.
 */
function processNs(pid: number, root: string): number | null {
  const stat = readProcessStat(pid, root);
  if (stat === null) return null;
  const own = Math.max(stat.ownTicks * NS_PER_TICK, threadsNs(pid, root) ?? 0);
  return own + stat.reapedTicks * NS_PER_TICK;
}

/**
 * CPU nanoseconds used so far by these processes and by the children that they have waited for, and by tare's own children
 * that have ended (launch commands); tare itself is not in it. Null where one of the processes is not readable.
 *
 * Meant for differences. Their error is below two ticks (20 ms) for each process that had children or ended threads in
 * between, and for tare's children; what is lost: children that still run, or that nobody of these has waited for.
 */
export function hostCpuNs(pids: readonly number[], root = ''): number | null {
  const self = readProcessStat('self', root);
  if (self === null) return null;
  let sum = self.reapedTicks * NS_PER_TICK;
  for (const pid of new Set(pids)) {
    const ns = processNs(pid, root);
    if (ns === null) return null;
    sum += ns;
  }
  return sum;
}

import { namesIn, readText } from './files.ts';

/** What /proc/PID/stat counts CPU time in; USER_HZ is 100 on every Linux that tare runs on. */
export const NS_PER_TICK = 10_000_000;

/** The fields of /proc/PID/stat that tare uses; times in ticks. */
export interface ProcessStat {
  readonly pid: number;
  readonly comm: string;
  readonly ppid: number;
  /** Of the process itself, threads that have ended included. */
  readonly ownTicks: number;
  /** Of the children that it has waited for, theirs included. */
  readonly reapedTicks: number;
  /** Clock ticks since boot; tells a reused pid from the process that had it before. */
  readonly startTime: string;
}

/** Null for a text that is no such file. The name in brackets may itself hold brackets and spaces. */
export function parseProcessStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const [ppid, utime, stime, cutime, cstime] = [1, 11, 12, 13, 14].map((at) => Number(fields[at] ?? Number.NaN));
  const pid = Number(text.slice(0, open));
  const startTime = fields[19];
  if (ppid === undefined || utime === undefined || stime === undefined) return null;
  if (cutime === undefined || cstime === undefined || startTime === undefined) return null;
  if (![pid, ppid, utime, stime, cutime, cstime].every(Number.isSafeInteger)) return null;
  return {
    pid,
    comm: text.slice(open + 1, close),
    ppid,
    ownTicks: utime + stime,
    reapedTicks: cutime + cstime,
    startTime,
  };
}

/** Null for a process that is gone. */
export function readProcessStat(pid: number | 'self', root = ''): ProcessStat | null {
  const text = readText(`${root}/proc/${pid}/stat`);
  return text === null ? null : parseProcessStat(text);
}

/** The pids that are there now, kernel threads included. */
export function allPids(root = ''): readonly number[] {
  return namesIn(`${root}/proc`)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

import { readdirSync, readFileSync } from 'node:fs';
import type { OwnerFilter } from '../../bench/model/owner.ts';
import { delay, waitUntil } from '../../bench/proc/clock.ts';
import { OWNER_VARIABLE } from '../../bench/proc/exec.ts';

/** Marks the processes of one instance, beside the owner's variable; its value is the instance's name. */
export const INSTANCE_VARIABLE = 'TARE_INSTANCE';

/** Marks the processes of one exec() inside an instance, so that they can be ended with it. */
export const EXEC_VARIABLE = 'TARE_EXEC';

/** USER_HZ is 100 on every x86-64 Linux. */
const NS_PER_TICK = 10_000_000;
const KILL_TIMEOUT_MS = 10_000;

/** The fields of /proc/PID/stat that are used here. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; Z and X are dead. */
  readonly state: string;
  readonly ppid: number;
  readonly session: number;
  /** Ticks of user and system time of children that it has waited for. */
  readonly reapedTicks: number;
  /** Ticks since boot; tells a reused pid from the process that had it before. */
  readonly startTime: string;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Undefined for a text that is no /proc/PID/stat. The name in brackets may itself hold brackets and spaces. */
export function parseStat(text: string): ProcessStat | undefined {
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  const numbers = [1, 3, 13, 14].map((at) => Number(fields[at] ?? Number.NaN));
  const pid = Number.parseInt(text, 10);
  if (close < 0 || state === undefined || startTime === undefined) return undefined;
  if (![pid, ...numbers].every(Number.isSafeInteger)) return undefined;
  const [ppid = 0, session = 0, user = 0, system = 0] = numbers;
  return { pid, state, ppid, session, reapedTicks: user + system, startTime };
}

/** Undefined for a process that is gone. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** A process that runs; zombies have ended. */
export function isRunning(stat: ProcessStat | undefined): stat is ProcessStat {
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Whether the very same process still runs. */
export function stillRuns(process: ProcessStat): boolean {
  const now = statOf(process.pid);
  return isRunning(now) && now.startTime === process.startTime;
}

/** The value of a variable in the environment that a process was started with; undefined where it has none. */
export function variableOf(pid: number, name: string): string | undefined {
  const entries = (read(`/proc/${pid}/environ`) ?? '').split('\0');
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** This process and those that it descends from: no sweep may ever end them. */
export function ownLineage(): ReadonlySet<number> {
  const lineage = new Set<number>();
  for (let pid = process.pid; pid > 0 && !lineage.has(pid); pid = statOf(pid)?.ppid ?? 0) lineage.add(pid);
  return lineage;
}

/** Running processes that were started with a variable of this value (or one that the predicate accepts). */
export function processesWith(name: string, accepts: (value: string) => boolean): readonly ProcessStat[] {
  const lineage = ownLineage();
  return allPids().flatMap((pid) => {
    const value = variableOf(pid, name);
    if (value === undefined || !accepts(value) || lineage.has(pid)) return [];
    const stat = statOf(pid);
    return isRunning(stat) ? [stat] : [];
  });
}

/** Running processes of matching owners, by the variable that every child of tare carries. */
export function ownedProcesses(owner: OwnerFilter): readonly (ProcessStat & { readonly tag: string })[] {
  return processesWith(OWNER_VARIABLE, (tag) => owner.matches(tag)).map((stat) => ({
    ...stat,
    tag: variableOf(stat.pid, OWNER_VARIABLE) ?? '',
  }));
}

/** Sends a signal; a process that is gone is fine. */
export function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A running process and the instance that its environment names. */
export interface ScannedProcess extends ProcessStat {
  readonly instance: string | undefined;
}

/** Long enough for instances that end at the same time to share a look; nothing that is timed waits for one. */
const SHARED_LOOK_MS = 10;

let nextLook: Promise<readonly ScannedProcess[]> | undefined;

function look(): readonly ScannedProcess[] {
  const lineage = ownLineage();
  return allPids().flatMap((pid) => {
    const stat = lineage.has(pid) ? undefined : statOf(pid);
    return isRunning(stat) ? [{ ...stat, instance: variableOf(pid, INSTANCE_VARIABLE) }] : [];
  });
}

/**
 * Every running process but this one and those that it descends from, as of a moment after the call. All that ask until then
 * get the same look: a thousand instances would otherwise look at each other's processes a thousand times.
 */
export function scanProcesses(): Promise<readonly ScannedProcess[]> {
  nextLook ??= delay(SHARED_LOOK_MS).then(() => {
    nextLook = undefined;
    return look();
  });
  return nextLook;
}

/** Kills what `find` finds until it finds nothing any more; false where something stays. */
export async function killUntilGone(
  find: () => readonly ProcessStat[] | Promise<readonly ProcessStat[]>,
): Promise<boolean> {
  return waitUntil(
    async () => {
      const found = await find();
      for (const stat of found) if (stillRuns(stat)) signalProcess(stat.pid, 'SIGKILL');
      return found.length === 0;
    },
    { timeoutMs: KILL_TIMEOUT_MS, everyMs: 5 },
  );
}

/** Processes that bear one of these names, as /proc/PID/comm gives it (15 characters at most). */
export function pidsNamed(...names: readonly string[]): readonly number[] {
  return allPids().filter((pid) => names.includes(read(`/proc/${pid}/comm`)?.trimEnd() ?? ''));
}

function threadsNs(pid: number): number {
  let sum = 0;
  let threads: readonly string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0;
  }
  for (const thread of threads) sum += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
  return sum;
}

/**
 * CPU nanoseconds of these processes' living threads and of children that they have waited for (those rounded down to
 * 10 ms ticks); null where the kernel does not count.
 */
export function cpuNsOf(pids: readonly number[]): number | null {
  let sum = 0;
  for (const pid of pids) {
    const stat = statOf(pid);
    if (stat !== undefined) sum += threadsNs(pid) + stat.reapedTicks * NS_PER_TICK;
  }
  return Number.isFinite(sum) && sum > 0 ? sum : null;
}

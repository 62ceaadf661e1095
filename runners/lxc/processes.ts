import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allPids, type ProcessStat, statOf } from '../shared/processes.ts';
import { cgroupsOf } from '../shared/cgroups.ts';
import type { Layout } from './layout.ts';

/** A running container as the host sees it. */
export interface Running {
  /** The process that LXC leaves beside a container: it waits for its end, and the container dies with it. */
  readonly monitor: ProcessStat;
  /** Process 1 of the container. */
  readonly init: ProcessStat;
  /** Folders of the cgroup that holds everything of the instance, the monitor too, as `cgroupsOf` gives them. */
  readonly whole: ReadonlyMap<string, string>;
  /** Folders of the one that the limits are set on: all processes of the container are in it, or further down. */
  readonly limited: ReadonlyMap<string, string>;
}

function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    // A kernel without CONFIG_PROC_CHILDREN.
    return allPids().find((other) => statOf(other)?.ppid === pid);
  }
}

function monitorIn({ monitorPid }: Layout): ProcessStat | undefined {
  try {
    return statOf(Number(readFileSync(monitorPid, 'utf8')));
  } catch {
    // LXC removes the file when a container ends.
    return undefined;
  }
}

/** The container that was just started; undefined where it has ended already. */
export function runningIn(paths: Layout): Running | undefined {
  const monitor = monitorIn(paths);
  const child = monitor && childOf(monitor.pid);
  const init = child === undefined ? undefined : statOf(child);
  if (monitor === undefined || init === undefined) return undefined;
  const own = [...cgroupsOf(monitor.pid)];
  const whole = own.map(([controller, folder]) => [controller, dirname(folder)] as const);
  const limited = whole.map(([controller, folder]) => [controller, join(folder, `lxc.payload.${paths.name}`)] as const);
  return { monitor, init, whole: new Map(whole), limited: new Map(limited) };
}

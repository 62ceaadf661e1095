import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { nowNs } from './clock.ts';
import { moduleFile } from './module-file.ts';

const ENTRY = moduleFile(import.meta.url, '../cli/reaper');

/** The word that tells the reaper that nothing is left to do. */
export const REAPER_DONE = 'done\n';

/** A detached process that sweeps a run when this process is gone, even by SIGKILL: it sees its standard input end. */
export interface Reaper {
  readonly pid: number | undefined;
  /** Everything is removed already: the reaper may go. */
  dismiss(): void;
}

/** Call before the run makes anything. Its output goes to `logFile`, since it may outlive every terminal. */
export function startReaper(options: { stateDir: string; tag: string; logFile: string }): Reaper {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  // Not through exec(): this one must outlive us, hold our pipe, and not carry the run's own mark, by which it sweeps.
  const child = spawn(process.execPath, [ENTRY, '--state', options.stateDir, '--tag', options.tag], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8' },
    cwd: '/',
  });
  closeSync(log);
  child.unref();
  child.stdin?.on('error', () => {});
  const socket = child.stdin as unknown as { unref?: () => void } | null;
  socket?.unref?.();
  return { pid: child.pid, dismiss: () => child.stdin?.end(REAPER_DONE) };
}

/** Sweeps until so many passes in a row find nothing; false when the deadline comes first. */
export async function sweepUntilClean(
  sweep: () => Promise<number>,
  options: {
    readonly passes: number;
    readonly pauseMs: number;
    readonly deadlineMs: number;
    readonly pause: (ms: number) => Promise<void>;
  },
): Promise<boolean> {
  const deadline = nowNs() + BigInt(options.deadlineMs) * 1_000_000n;
  let clean = 0;
  while (clean < options.passes) {
    if (nowNs() > deadline) return false;
    clean = (await sweep()) === 0 ? clean + 1 : 0;
    if (clean < options.passes) await options.pause(options.pauseMs);
  }
  return true;
}

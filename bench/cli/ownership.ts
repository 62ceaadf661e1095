import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CleanupError, ResourceError, UnsupportedError } from '../errors.ts';
import type { Owner } from '../model/owner.ts';
import { delay } from '../proc/clock.ts';
import { addToEnvironment, OWNER_VARIABLE } from '../proc/exec.ts';
import { forgetOwner, isAlive, newOwner, onlyRun, registeredOwners, registerOwner } from '../proc/owner.ts';
import { startReaper, sweepUntilClean } from '../proc/reaper.ts';
import { runFolder, sweepEverything } from './sweep.ts';

const FINAL_SWEEP_MS = 60_000;

/** This process as the registered owner of a run, with its scratch folder and its reaper. */
export interface Ownership extends AsyncDisposable {
  readonly owner: Owner;
  readonly runDir: string;
}

/** @throws UnsupportedError `NOT_ROOT`. */
export function requireRoot(what: string): void {
  if (process.getuid?.() === 0) return;
  throw new UnsupportedError('NOT_ROOT', `${what} needs root: it makes namespaces, mounts, bridges and domains`, {
    hint: 'run it with sudo; "tare doctor" and "tare report" work without',
  });
}

/**
 * Registers this process as owner, before anything is made. Disposing sweeps what is left of the run, and then
 * dismisses the reaper; if that fails, the reaper goes on after this process.
 * @param modules absolute paths of runners that are not tare's own: their sweeps clean after the run, too.
 * @throws ResourceError `RUN_GOING_ON` when another run lives on this state folder: two would measure each other.
 */
export function takeOwnership(stateDir: string, signal: AbortSignal, modules: readonly string[] = []): Ownership {
  const other = registeredOwners(stateDir).find(isAlive);
  if (other) {
    throw new ResourceError(
      'RUN_GOING_ON',
      `run ${other.runId} (pid ${other.pid}) is going on; two would measure each other`,
      {
        hint: 'wait for its end, or end it with Ctrl-C',
      },
    );
  }
  mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  const owner = newOwner(new Date());
  const runDir = runFolder(stateDir, owner.tag);
  // Before anything that it would have to remove, the entry of this owner included.
  const reaper = startReaper({ stateDir, tag: owner.tag, logFile: join(stateDir, 'log', 'reaper.log') });
  registerOwner(stateDir, owner, modules);
  mkdirSync(runDir, { recursive: true, mode: 0o755 });
  addToEnvironment({ [OWNER_VARIABLE]: owner.tag });
  return {
    owner,
    runDir,
    async [Symbol.asyncDispose]() {
      let problems: readonly string[] = [];
      const sweep = async () => {
        const context = { stateDir, signal: AbortSignal.timeout(FINAL_SWEEP_MS), dryRun: false };
        const report = await sweepEverything(onlyRun(owner.tag), context);
        problems = report.problems;
        return report.found.length + problems.length;
      };
      // Only an interrupted run has to wait for late arrivals: what it had asked a daemon for may still be coming.
      const patience = signal.aborted ? { passes: 2, pauseMs: 500 } : { passes: 1, pauseMs: 0 };
      const clean = await sweepUntilClean(sweep, { ...patience, deadlineMs: FINAL_SWEEP_MS, pause: delay });
      if (!clean) {
        throw new CleanupError(
          'CLEANUP',
          `something of run ${owner.tag} could not be removed: ${problems.join('; ')}`,
          {
            hint: 'the reaper goes on trying; "tare clean" tries again later',
          },
        );
      }
      forgetOwner(stateDir, owner.tag);
      reaper.dismiss();
    },
  };
}

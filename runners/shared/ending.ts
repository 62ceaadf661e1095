import { ResourceError } from '../../bench/errors.ts';
import type { Ending } from '../../bench/model/runner.ts';
import { nowNs, waitUntil } from '../../bench/proc/clock.ts';

/** How long something that was killed may take to vanish before it counts as stuck. */
const KILLED_TIMEOUT_MS = 10_000;

export interface EndOptions {
  readonly how: 'stop' | 'kill';
  readonly timeoutMs: number;
  /** Asks the instance to end; may go on until after it is gone, as `docker stop` does. */
  readonly stop: () => Promise<unknown>;
  readonly kill: () => Promise<unknown>;
  /** Looked at every millisecond: nothing of the instance runs any more. Must be cheap. */
  readonly isGone: () => boolean;
}

/**
 * Ends an instance and observes when its last process is gone; only here is polled finely, since the end itself is timed.
 * @throws ResourceError `NOT_GONE` where even the kill did not help; what `stop` or `kill` throws while the instance lives.
 */
export async function observeEnd({ how, timeoutMs, stop, kill, isGone }: EndOptions): Promise<Ending> {
  const failures: unknown[] = [];
  const noteFailure = (error: unknown) => void failures.push(error);
  const gone = (withinMs: number) =>
    waitUntil(() => isGone() || failures.length > 0, { timeoutMs: withinMs, everyMs: 1 });
  const startedNs = nowNs();
  const asked = (how === 'stop' ? stop : kill)().catch(noteFailure);
  const inTime = await gone(timeoutMs);
  const goneNs = nowNs();
  if (failures.length > 0 && !isGone()) throw failures[0];
  if (inTime) {
    await asked;
    return { startedNs, goneNs, timedOut: false };
  }
  const killed = kill().catch(noteFailure);
  if (!(await gone(KILLED_TIMEOUT_MS)) || !isGone()) {
    throw new ResourceError('NOT_GONE', `the instance is still there after ${how} and a kill`, {
      cause: failures[0],
      hint: 'its processes may hang in the kernel; "tare clean" tries again later',
    });
  }
  const endedNs = nowNs();
  await Promise.all([asked, killed]);
  return { startedNs, goneNs: endedNs, timedOut: true };
}

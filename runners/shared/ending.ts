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
  const startedNs = nowNs();
  const first = await askAndWatch(how === 'stop' ? stop : kill, isGone, timeoutMs);
  if (first.goneNs !== undefined) return { startedNs, goneNs: first.goneNs, timedOut: false };
  if (first.failure) throw first.failure.error;
  const second = await askAndWatch(kill, isGone, KILLED_TIMEOUT_MS);
  if (second.goneNs !== undefined) return { startedNs, goneNs: second.goneNs, timedOut: true };
  throw new ResourceError('NOT_GONE', `the instance is still there after ${how} and a kill`, {
    cause: second.failure?.error,
    hint: 'its processes may hang in the kernel; "tare clean" tries again later',
  });
}

interface Watched {
  /** When it was looked and nothing was left; the look itself, which may be long, is not in it. */
  readonly goneNs?: bigint;
  readonly failure?: { readonly error: unknown };
}

async function askAndWatch(ask: () => Promise<unknown>, isGone: () => boolean, timeoutMs: number): Promise<Watched> {
  let failure: Watched['failure'];
  let goneNs: bigint | undefined;
  const asked = ask().catch((error: unknown) => {
    failure = { error };
  });
  const look = () => {
    const lookedNs = nowNs();
    if (isGone()) goneNs = lookedNs;
    return goneNs !== undefined;
  };
  // What could not even be asked may be gone all the same: it is looked once more.
  await waitUntil(() => look() || failure !== undefined, { timeoutMs, everyMs: 1 });
  if (goneNs !== undefined || look()) {
    await asked;
    return goneNs === undefined ? {} : { goneNs };
  }
  return failure === undefined ? {} : { failure };
}

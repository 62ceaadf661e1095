import { delay } from '../../proc/clock.ts';
import type { MemoryState } from '../../host/memory.ts';
import type { RampHost } from './host.ts';

/** So many looks in a row must agree. */
const LOOKS = 5;
/** Within this the memory of an idle host moves by itself. */
const TOLERANCE_BYTES = 4 * 2 ** 20;
/** What is large moves more: of what the instances take, a hundredth. */
const TOLERANCE_SHARE = 0.01;

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

/**
 * Waits until the memory in use stays the same over a few looks, or the deadline passes, or `giveUp` says so.
 * @param baseBytes in use without the instances.
 * @returns the look in the middle of the last few, by what was in use.
 */
export async function settled(
  host: RampHost,
  baseBytes: number,
  signal: AbortSignal,
  giveUp: () => boolean = () => false,
): Promise<MemoryState> {
  const { settleEveryMs, settleDeadlineMs } = host.pace;
  let looks: readonly MemoryState[] = [host.memory()];
  for (let waited = 0; waited < settleDeadlineMs && !signal.aborted && !giveUp(); waited += settleEveryMs) {
    const used = looks.map((look) => look.hostUsedBytes);
    const tolerance = Math.max(TOLERANCE_BYTES, TOLERANCE_SHARE * (Math.max(...used) - baseBytes));
    if (looks.length === LOOKS && spread(used) <= tolerance) break;
    await delay(settleEveryMs, signal);
    looks = [...looks, host.memory()].slice(-LOOKS);
  }
  const sorted = looks.toSorted((a, b) => a.hostUsedBytes - b.hostUsedBytes);
  return sorted[Math.floor(sorted.length / 2)] ?? host.memory();
}

import { ConfigError } from '../errors.ts';
import type { Better } from '../model/metric.ts';
import type { ComparisonVerdict } from '../model/result.ts';
import { minimumBlocksForLevel } from '../stats/blocks.ts';
import type { PairedRatio } from '../stats/ratio.ts';

export interface Comparison {
  readonly verdict: ComparisonVerdict;
  /** Whether the whole interval lies beyond ±δ. */
  readonly beyondDelta: boolean;
  /**
   * Which way the estimate points, whatever the verdict: an equivalent runner still shows its sign. Null where the estimate is
   * exactly 1 or there is none.
   */
  readonly direction: 'faster' | 'slower' | null;
  /** For `not-resolved`: about how many blocks with a ratio it would take, where that can be said. */
  readonly needsBlocks: number | null;
}

/**
 * The verdict of a runner against native, first match: *equivalent* when the interval lies inside [1/(1+δ), 1+δ];
 * *slower* or *faster* when it excludes 1; else *not resolved*. There is no verdict "same": a large p shows nothing.
 * `faster` means better, whichever of lower and higher that is.
 * @throws ConfigError `BAD_DELTA` unless δ > 0.
 */
export function compare(ratio: PairedRatio, delta: number, better: Better): Comparison {
  if (!(delta > 0 && delta < Infinity)) {
    throw new ConfigError('BAD_DELTA', `δ is a positive share, not ${delta}`);
  }
  const direction = directionOf(ratio, better);
  if (!ratio.ci) {
    const needsBlocks = ratio.notPositive > 0 ? null : minimumBlocksForLevel(ratio.level);
    return { verdict: 'not-resolved', beyondDelta: false, direction, needsBlocks };
  }
  const [lo, hi] = ratio.ci;
  const upper = 1 + delta;
  const lower = 1 / upper;
  if (lo >= lower && hi <= upper) return { verdict: 'equivalent', beyondDelta: false, direction, needsBlocks: null };
  if (lo > 1) return { verdict: named('above', better), beyondDelta: lo > upper, direction, needsBlocks: null };
  if (hi < 1) return { verdict: named('below', better), beyondDelta: hi < lower, direction, needsBlocks: null };
  return { verdict: 'not-resolved', beyondDelta: false, direction, needsBlocks: blocksNeeded(ratio, delta) };
}

function named(side: 'above' | 'below', better: Better): 'faster' | 'slower' {
  return (side === 'below') === (better === 'lower') ? 'faster' : 'slower';
}

function directionOf(ratio: PairedRatio, better: Better): 'faster' | 'slower' | null {
  if (ratio.medianFailed) return 'slower';
  if (ratio.value === null || ratio.value === 1) return null;
  return named(ratio.value > 1 ? 'above' : 'below', better);
}

/**
 * An estimate: the interval shrinks with √n around the estimate until it excludes 1 or fits inside ±δ, whichever is sooner. Null
 * where an end is infinite, since failures do not become fewer with more blocks.
 */
function blocksNeeded(ratio: PairedRatio, delta: number): number | null {
  if (!ratio.ci || ratio.value === null) return null;
  const middle = Math.log(ratio.value);
  const below = middle - Math.log(ratio.ci[0]);
  const above = Math.log(ratio.ci[1]) - middle;
  const room = Math.log1p(delta);
  const toExclude = middle === 0 ? Infinity : (middle > 0 ? below : above) / Math.abs(middle);
  const inside = room - Math.abs(middle);
  const toFit = inside > 0 ? Math.max(above / (room - middle), below / (room + middle)) : Infinity;
  const shrink = Math.min(toExclude, toFit);
  if (!Number.isFinite(shrink)) return null;
  return Math.max(ratio.n + 1, Math.ceil(ratio.n * shrink ** 2));
}

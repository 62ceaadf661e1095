import { ConfigError } from '../errors.ts';
import { sortedExtended } from './quantile.ts';

/** An interval for a median. Ends are infinite where failures reach them. */
export interface SignInterval {
  readonly lo: number;
  readonly hi: number;
  /** The level that this n really gives; at least the asked one, since ranks are whole. */
  readonly attainedLevel: number;
}

/**
 * The exact sign-test interval for the median: with x(1) ≤ … ≤ x(n) it is [x(k), x(n+1−k)] for the largest k whose level
 * 1 − 2·P(Bin(n, ½) ≤ k − 1) is at least `level`. It assumes independent values and nothing about their
 * distribution; ties make it wider than needed, never narrower.
 *
 * @param values may hold ±Infinity: a failed start enters as +∞, −∞ for a rate.
 * @param level in (0, 1); over m primary comparisons 1 − 0.05/m.
 * @returns null when n is too small for the level: even [min, max] has only 1 − 2^(1−n).
 * @throws ParseError `NOT_A_NUMBER` for NaN, ConfigError `BAD_LEVEL`.
 */
export function signInterval(values: readonly number[], level: number): SignInterval | null {
  if (!(level > 0 && level < 1)) throw new ConfigError('BAD_LEVEL', `a level lies between 0 and 1, not at ${level}`);
  const found = signRank(values.length, level);
  return found && between(sortedExtended(values), found.rank, found.attainedLevel);
}

/**
 * [min, max] with the level that it attains, 1 − 2^(1−n): what there is to say about few values, such as the slopes of
 * 3 ramps (0.75). Null for fewer than 2. @throws ParseError `NOT_A_NUMBER` for NaN.
 */
export function widestInterval(values: readonly number[]): SignInterval | null {
  if (values.length < 2) return null;
  return between(sortedExtended(values), 1, 1 - 2 ** (1 - values.length));
}

function between(sorted: Float64Array, rank: number, attainedLevel: number): SignInterval {
  return { lo: sorted[rank - 1] as number, hi: sorted[sorted.length - rank] as number, attainedLevel };
}

/** The largest k that keeps the level, and what it attains. */
function signRank(n: number, level: number): { rank: number; attainedLevel: number } | null {
  // In logarithms, since 2^−n underflows for the n of long series.
  let logTerm = -n * Math.LN2;
  let tail = 0;
  let best: { rank: number; attainedLevel: number } | null = null;
  for (let rank = 1; 2 * rank <= n; rank++) {
    tail += Math.exp(logTerm);
    const attainedLevel = 1 - 2 * tail;
    if (attainedLevel < level) break;
    best = { rank, attainedLevel };
    logTerm += Math.log((n - rank + 1) / rank);
  }
  return best;
}

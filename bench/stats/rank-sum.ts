import { ConfigError, ParseError } from '../errors.ts';
import { normalQuantile } from './normal.ts';
import { requireWhole } from './require.ts';

/** Two independent series: what is said of a shift between them rests on ranks alone (Mann and Whitney 1947, Lehmann 1963). */

/** Up to so many values on each side the distribution is exact; beyond, the normal one is used, with a half for continuity. */
const EXACT = 60;

/**
 * P(U = u) for u = 0 … m·n, where U counts the pairs of two samples of one distribution in which the second value is the
 * smaller. By Mann and Whitney's recursion, in probabilities, so that nothing is ever subtracted.
 */
export function rankSumProbabilities(m: number, n: number): Float64Array {
  requireWhole('the size of a sample', m, 1);
  requireWhole('the size of a sample', n, 1);
  // Row for row over m; each holds the distributions for 0 … n values on the other side.
  let row: readonly Float64Array[] = Array.from({ length: n + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= m; i += 1) {
    const next: Float64Array[] = [Float64Array.of(1)];
    for (let j = 1; j <= n; j += 1) next.push(combined(row[j] as Float64Array, next[j - 1] as Float64Array, i, j));
    row = next;
  }
  return row[n] as Float64Array;
}

/** The largest of i + j values belongs to one side or the other. */
function combined(without: Float64Array, others: Float64Array, i: number, j: number): Float64Array {
  const whole = new Float64Array(i * j + 1);
  without.forEach((p, u) => (whole[u + j] = (whole[u + j] as number) + (p * i) / (i + j)));
  others.forEach((p, u) => (whole[u] = (whole[u] as number) + (p * j) / (i + j)));
  return whole;
}

/** The smallest one-sided p that samples of these sizes can give: one over the number of ways to mix them. */
export function smallestRankSumP(m: number, n: number): number {
  let p = 1;
  for (let index = 1; index <= n; index += 1) p *= index / (m + index);
  return p;
}

/** How far a second sample lies above a first. */
export interface Shift {
  /** Hodges and Lehmann's: the median of all differences. NaN where it lies between two failures. */
  readonly estimate: number;
  /** One-sided bounds, each at the asked level; infinite where the samples are too small for it, or failures reach them. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * The shift from one sample to another, with a lower and an upper bound that each hold at the level. Independent values; no
 * assumption about the distributions but that one is the other, shifted.
 * @param first, second may hold +∞: failures, worse than any value. A failure against a failure is no difference for the estimate,
 * and the least favourable one for each bound.
 * @param level one-sided, in (½, 1).
 * @throws ParseError `NOT_A_NUMBER`; ConfigError `BAD_LEVEL`, `BAD_COUNT` for an empty sample.
 */
export function shiftOf(first: readonly number[], second: readonly number[], level: number): Shift {
  if (!(level > 0.5 && level < 1)) {
    throw new ConfigError('BAD_LEVEL', `a one-sided level lies between ½ and 1, not at ${level}`);
  }
  if ([...first, ...second].some((value) => Number.isNaN(value) || value === -Infinity)) {
    throw new ParseError('NOT_A_NUMBER', 'a sample for a shift holds what is neither a number nor a failure');
  }
  const rank = tailRank(first.length, second.length, 1 - level);
  const differences = (bothFailed: number) =>
    Float64Array.from(
      first.flatMap((a) => second.map((b) => (a === Infinity && b === Infinity ? bothFailed : b - a))),
    ).toSorted();
  return {
    estimate: middle(differences(0)),
    lower: rank === 0 ? -Infinity : (differences(-Infinity)[rank - 1] as number),
    upper: rank === 0 ? Infinity : (differences(Infinity).at(-rank) as number),
  };
}

/** A gate asks for the same few again and again. */
const tailRanks = new Map<string, number>();

/** The largest k with P(U ≤ k − 1) ≤ α; 0 where even the smallest U is likelier than that. */
function tailRank(m: number, n: number, alpha: number): number {
  const key = [m, n, alpha].join(' ');
  const rank = tailRanks.get(key) ?? countTail(m, n, alpha);
  tailRanks.set(key, rank);
  return rank;
}

function countTail(m: number, n: number, alpha: number): number {
  requireWhole('the size of a sample', m, 1);
  requireWhole('the size of a sample', n, 1);
  if (Math.max(m, n) > EXACT) {
    const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
    return Math.max(0, Math.floor((m * n) / 2 + 0.5 - normalQuantile(1 - alpha) * deviation));
  }
  let rank = 0;
  let tail = 0;
  for (const p of rankSumProbabilities(m, n)) {
    tail += p;
    if (tail > alpha) break;
    rank += 1;
  }
  return rank;
}

function middle(sorted: Float64Array): number {
  const [below, above] = [Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2)].map(
    (at) => sorted[at] as number,
  ) as [number, number];
  return below === above ? below : below / 2 + above / 2;
}

import { ConfigError } from '../errors.ts';
import { sortedExtended } from './quantile.ts';

/** A quantile far from the middle, with an interval that assumes nothing about the distribution. Ends are infinite where failures reach. */
export interface TailEstimate {
  /** The value of rank ⌈n·p⌉. */
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  /** The level that this n really gives, at least the asked one. */
  readonly attainedLevel: number;
}

/**
 * The interval [x(r), x(s)] of a quantile by order statistics, with at most (1 − level)/2 on either side:
 * P(Bin(n, p) < r) and P(Bin(n, p) ≥ s).
 * @param values independent; may hold ±Infinity: failures.
 * @returns null when n is too small: even the largest value may lie below the quantile, or the smallest above.
 * @throws ParseError `NOT_A_NUMBER` for NaN; ConfigError `BAD_PROBABILITY`, `BAD_LEVEL`.
 */
export function tailEstimate(values: readonly number[], p: number, level: number): TailEstimate | null {
  refuse(p, level);
  const n = values.length;
  if (n < fewestForTail(p, level)) return null;
  const sorted = sortedExtended(values);
  const rest = (1 - level) / 2;
  const probabilities = binomial(n, p);
  let below = 0;
  let lower = 0;
  while (below + (probabilities[lower] as number) <= rest) below += probabilities[lower++] as number;
  let above = 0;
  let upper = n + 1;
  while (above + (probabilities[upper - 1] as number) <= rest) above += probabilities[--upper] as number;
  return {
    value: sorted[Math.ceil(n * p) - 1] as number,
    lo: sorted[lower - 1] as number,
    hi: sorted[upper - 1] as number,
    attainedLevel: 1 - below - above,
  };
}

/** The fewest values with which a quantile has such an interval: max(p, 1 − p)ⁿ ≤ (1 − level)/2. @throws as `tailEstimate`. */
export function fewestForTail(p: number, level: number): number {
  refuse(p, level);
  return Math.ceil(Math.log((1 - level) / 2) / Math.log(Math.max(p, 1 - p)) - 1e-9);
}

function refuse(p: number, level: number): void {
  if (!(p > 0 && p < 1)) throw new ConfigError('BAD_PROBABILITY', `a quantile's p lies between 0 and 1, not at ${p}`);
  if (!(level > 0 && level < 1)) throw new ConfigError('BAD_LEVEL', `a level lies between 0 and 1, not at ${level}`);
}

/** P(Bin(n, p) = k) for k = 0 … n; in logarithms, since the first ones underflow. */
function binomial(n: number, p: number): Float64Array {
  let log = n * Math.log1p(-p);
  return Float64Array.from({ length: n + 1 }, (_, k) => {
    if (k > 0) log += Math.log((n - k + 1) / k) + Math.log(p) - Math.log1p(-p);
    return Math.exp(log);
  });
}

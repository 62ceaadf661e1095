import { ConfigError } from '../errors.ts';
import { requireWhole } from './require.ts';

const STEPS = 60;

/**
 * The exact interval of Clopper and Pearson (1934) for the probability behind `hits` of `trials`.
 * @throws ConfigError `BAD_COUNT`, `BAD_LEVEL`.
 */
export function shareInterval(hits: number, trials: number, level: number): readonly [lo: number, hi: number] {
  requireWhole('the number of trials', trials, 1);
  requireWhole('the number of hits', hits, 0);
  if (!(level > 0 && level < 1)) throw new ConfigError('BAD_LEVEL', `a level lies between 0 and 1, not at ${level}`);
  const rest = (1 - level) / 2;
  const lo = hits === 0 ? 0 : solve((p) => 1 - atMost(hits - 1, trials, p) < rest);
  const hi = hits >= trials ? 1 : solve((p) => atMost(hits, trials, p) > rest);
  return [lo, hi];
}

/** Where a condition that holds for small probabilities stops to hold. */
function solve(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Bin(n, p) ≤ k). */
function atMost(k: number, n: number, p: number): number {
  if (p <= 0) return 1;
  if (p >= 1) return k >= n ? 1 : 0;
  let log = n * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let i = 1; i <= k; i += 1) {
    log += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

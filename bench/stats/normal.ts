import { ConfigError } from '../errors.ts';

/**
 * The standard normal quantile by Abramowitz and Stegun's formula 26.2.23; the absolute error is under 4.5e-4, plenty for
 * planning. Intervals do not use it: theirs are exact. @throws ConfigError `BAD_PROBABILITY` outside (0, 1).
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new ConfigError('BAD_PROBABILITY', `a normal quantile needs p in (0, 1), not ${p}`);
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return above / below - t;
}

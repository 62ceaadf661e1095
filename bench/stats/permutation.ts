import type { Random } from './random.ts';

/**
 * Whether a statistic of a series is larger than chance makes it: at most `rate` of the series' random orders reach it.
 * Stops as soon as that is out of reach, so that clean series cost little.
 */
export function beyondChance(
  series: readonly number[],
  statistic: (series: readonly number[]) => number,
  rate: number,
  random: Random,
): boolean {
  const orders = 1999;
  // Rounding must not let an equal value of the statistic pass as smaller.
  const observed = statistic(series) - 1e-9;
  // The observed order counts as one of them, which keeps the rate exact.
  let allowed = Math.floor(rate * (orders + 1)) - 1;
  for (let order = 0; order < orders && allowed >= 0; order++) {
    if (statistic(random.shuffle(series)) >= observed) allowed--;
  }
  return allowed >= 0;
}

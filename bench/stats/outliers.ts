import { summarise } from './quantile.ts';

/** `outside` beyond 1.5 and `far-out` beyond 3 interquartile ranges from the nearer quartile. */
export type OutlierLabel = 'inside' | 'outside' | 'far-out';

/** With fewer values the quartiles say too little for a label. */
const FEWEST = 5;

/**
 * Labels each value by Tukey's fences, in the order given. A label is for the reader's eye: no statistic leaves a value out.
 * Fewer than 5 values are all `inside`. @throws WorkloadError `NO_VALUES`, ParseError `NOT_A_NUMBER`.
 */
export function labelOutliers(values: readonly number[]): readonly OutlierLabel[] {
  const { n, q1, q3 } = summarise(values);
  const range = q3 - q1;
  return values.map((value) => {
    const distance = Math.max(q1 - value, value - q3);
    if (n < FEWEST || distance <= 1.5 * range) return 'inside';
    return distance <= 3 * range ? 'outside' : 'far-out';
  });
}

import { ConfigError, ParseError, WorkloadError } from '../errors.ts';

/** A series in five numbers, with how many values they stand on. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly max: number;
}

/**
 * The p-quantile by type 7: linear between the order statistics around (n − 1)·p.
 * @throws WorkloadError `NO_VALUES`, ParseError `NOT_A_NUMBER` for anything but finite numbers.
 */
export function quantile(values: readonly number[], p: number): number {
  return sortedQuantile(sortedFinite(values), p);
}

/** The middle value, or the mean of the middle two. @throws as `quantile`. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @throws as `quantile`. */
export function summarise(values: readonly number[]): Summary {
  const sorted = sortedFinite(values);
  return {
    n: sorted.length,
    min: sortedQuantile(sorted, 0),
    q1: sortedQuantile(sorted, 0.25),
    median: sortedQuantile(sorted, 0.5),
    q3: sortedQuantile(sorted, 0.75),
    max: sortedQuantile(sorted, 1),
  };
}

/**
 * The median of values of which some may be ±Infinity (failures); infinite when a middle value is.
 * @throws WorkloadError `NO_VALUES`, ParseError `NOT_A_NUMBER` for NaN, and when the middle two are −∞ and +∞.
 */
export function extendedMedian(values: readonly number[]): number {
  const sorted = sortedExtended(values);
  if (sorted.length === 0) throw new WorkloadError('NO_VALUES', 'a median of no values was asked for');
  const upper = sorted[Math.floor(sorted.length / 2)] as number;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] as number;
  // Equal infinities would give NaN below.
  const middle = lower === upper ? lower : lower / 2 + upper / 2;
  if (Number.isNaN(middle)) throw new ParseError('NOT_A_NUMBER', 'the middle values are −∞ and +∞: there is no median');
  return middle;
}

/** Ascending, ±Infinity allowed. @throws ParseError `NOT_A_NUMBER` for NaN. */
export function sortedExtended(values: readonly number[]): Float64Array {
  if (values.some((value) => Number.isNaN(value))) {
    throw new ParseError('NOT_A_NUMBER', 'a series for the statistics holds NaN');
  }
  return Float64Array.from(values).toSorted();
}

function sortedFinite(values: readonly number[]): Float64Array {
  if (values.length === 0) throw new WorkloadError('NO_VALUES', 'a statistic of no values was asked for');
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) {
    throw new ParseError('NOT_A_NUMBER', `a series for the statistics holds ${wrong}`, {
      hint: 'failures are counted, or enter signInterval() as infinities; they are not values',
    });
  }
  return Float64Array.from(values).toSorted();
}

function sortedQuantile(sorted: Float64Array, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new ConfigError('BAD_PROBABILITY', `a quantile's p lies in [0, 1], not ${p}`);
  const place = (sorted.length - 1) * p;
  const lower = sorted[Math.floor(place)] as number;
  const upper = sorted[Math.ceil(place)] as number;
  return lower + (place - Math.floor(place)) * (upper - lower);
}

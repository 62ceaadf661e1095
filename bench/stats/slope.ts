import { ParseError, WorkloadError } from '../errors.ts';

/** One step of a ramp: this much was used with this many instances. */
export interface RampPoint {
  readonly count: number;
  readonly bytes: number;
}

export interface Slope {
  /** Bytes that one more instance adds. */
  readonly perInstance: number;
  /** Bytes at no instance, as the line has it. */
  readonly intercept: number;
  /** Points that it stands on. */
  readonly n: number;
  /** Largest distance of a point from the line, in bytes: how little of a line it is. */
  readonly largestResidual: number;
}

/**
 * The least-squares line through (instances, bytes). Not Theil–Sen: a jump at one step (a block group, a slab) is bytes that
 * the host really spent, and a robust slope would leave it out like an error of measurement.
 * @throws WorkloadError `NO_VALUES` without two different counts, ParseError `NOT_A_NUMBER`.
 */
export function leastSquaresSlope(points: readonly RampPoint[]): Slope {
  if (points.some((point) => !Number.isFinite(point.count) || !Number.isFinite(point.bytes))) {
    throw new ParseError('NOT_A_NUMBER', 'a point of a ramp is not a finite number');
  }
  const n = points.length;
  const meanCount = points.reduce((sum, point) => sum + point.count, 0) / n;
  const meanBytes = points.reduce((sum, point) => sum + point.bytes, 0) / n;
  const squares = points.reduce((sum, point) => sum + (point.count - meanCount) ** 2, 0);
  if (!(squares > 0)) {
    throw new WorkloadError('NO_VALUES', 'a slope needs points at two different numbers of instances');
  }
  const products = points.reduce((sum, point) => sum + (point.count - meanCount) * (point.bytes - meanBytes), 0);
  const perInstance = products / squares;
  const intercept = meanBytes - perInstance * meanCount;
  const residuals = points.map((point) => Math.abs(point.bytes - intercept - perInstance * point.count));
  return { perInstance, intercept, n, largestResidual: Math.max(...residuals) };
}

export type Better = 'lower' | 'higher';

/**
 * How a value is written. Known ones are scaled for people: `ns`, `bytes`, `B/s`, `1/s` (operations per second), `count`; any
 * other, of a user's own workload, is shown as it is.
 */
export type Unit = 'ns' | 'bytes' | 'B/s' | '1/s' | 'count' | (string & {});

/** One quantity that an experiment reads. */
export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: Better;
  /** Compared with native and given a verdict; the number of these fixes the level of every interval. */
  readonly primary: boolean;
  /** Compared with native at the same level though not counted in it: further detail beside the primary ones. */
  readonly secondary?: boolean;
  /** Whether a value measured under emulation still means something: true for bytes, false for times. */
  readonly assessableEmulated: boolean;
}

/** Whether a metric gets a ratio to native. */
export function isCompared(metric: Metric): boolean {
  return metric.primary || metric.secondary === true;
}

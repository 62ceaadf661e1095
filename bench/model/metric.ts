export type Better = 'lower' | 'higher';

/** One quantity that an experiment reads. */
export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly unit: 'ns' | 'bytes';
  readonly better: Better;
  /** Compared with native and given a verdict; the number of these fixes the level of every interval. */
  readonly primary: boolean;
  /** Whether a value measured under emulation still means something: true for bytes, false for times. */
  readonly assessableEmulated: boolean;
}

import type { Metric } from './metric.ts';
import type { Instance, Prepared } from './runner.ts';
import type { Workload } from './workload.ts';

/** What a procedure may do with one runner in one block. Only the engine behind it calls the runner. */
export interface Subject {
  readonly prepared: Prepared;
  readonly workload: Workload;
  /** Counts the blocks of this experiment, pilot included, from 0. */
  readonly block: number;
  readonly signal: AbortSignal;
  /**
   * Starts a fresh instance; the caller disposes what it gets (`await using`). A failed start is journalled with the
   * marks that it reached and with the metrics that are missing because of it, and ends the procedure by throwing.
   */
  start(metrics: readonly string[]): Promise<Instance>;
  /** Journals one number. @throws ParseError `NOT_A_NUMBER` for anything but a finite number. */
  record(metric: string, value: number, operation?: number): void;
  /** Journals that these metrics got no number in this block, and why. */
  fail(stage: 'measure' | 'end', metrics: readonly string[], error: unknown): void;
  /** CPU nanoseconds used so far by these processes together with tare's own children; null where unreadable. */
  hostCpuNs(pids: readonly number[]): number | null;
}

/** One procedure: turns fresh instances of one runner in one block into readings. */
export interface Experiment {
  readonly id: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Blocks that estimate cost and spread; kept, and excluded from results. */
  readonly pilotBlocks: number;
  /** The number of measured blocks where the profile fixes it; null: the pilot decides. */
  readonly fixedBlocks: number | null;
  measure(subject: Subject): Promise<void>;
}

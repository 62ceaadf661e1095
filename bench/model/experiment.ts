import type { Metric } from './metric.ts';
import type { RampStep } from './journal.ts';
import type { Capabilities, Instance, Prepared, StartOptions } from './runner.ts';
import type { Workload } from './workload.ts';

/** How a procedure wants one instance. */
export interface SubjectStart extends StartOptions {
  /**
   * One of very many: its launch is not logged, and its limits are read back only where it is the turn's first. What goes wrong
   * is journalled all the same.
   */
  readonly brief?: boolean;
}

/** What a procedure may do with one runner in one block. Only the engine behind it calls the runner. */
export interface Subject {
  readonly prepared: Prepared;
  readonly workload: Workload;
  /** What the runner isolates with, and whether it is emulated. */
  readonly capabilities: Capabilities;
  /** CPU sets of an instance's size over which instances that are not timed may be spread; at least one. */
  readonly spread: readonly (readonly number[])[];
  /** Counts the blocks of this experiment, pilot included, from 0. */
  readonly block: number;
  readonly signal: AbortSignal;
  /**
   * Starts a fresh instance; the caller disposes what it gets (`await using`). A failed start is journalled with the
   * marks that it reached and with the metrics that are missing because of it, and ends the procedure by throwing.
   */
  start(metrics: readonly string[], options?: SubjectStart): Promise<Instance>;
  /** Journals one number. @throws ParseError `NOT_A_NUMBER` for anything but a finite number. */
  record(metric: string, value: number, operation?: number): void;
  /** Journals that these metrics got no number in this block, and why. */
  fail(stage: 'measure' | 'end', metrics: readonly string[], error: unknown): void;
  /** Journals a doubt about this runner's values of this block; a tripped one marks them. */
  guard(guard: string, tripped: boolean, value: number | null, message: string): void;
  /** Journals one step of a ramp. */
  ramp(step: RampStep): void;
  /** CPU nanoseconds used so far by these processes together with tare's own children; null where unreadable. */
  hostCpuNs(pids: readonly number[]): number | null;
}

/** One procedure: turns fresh instances of one runner in one block into readings. */
export interface Experiment {
  readonly id: string;
  readonly title: string;
  /** What its instances start; `id` and the workload's id together name it. */
  readonly workload: Workload;
  readonly metrics: readonly Metric[];
  /** Blocks that estimate cost and spread; kept, and excluded from results. */
  readonly pilotBlocks: number;
  /** The number of measured blocks where the profile fixes it; null: the pilot decides. */
  readonly fixedBlocks: number | null;
  /** Where a runner is compared with itself: the blocks of each comparison. */
  readonly gateBlocks?: number;
  /** Whether an emulated runner takes a few turns where nothing of its values can be assessed, so that they are shown at all. */
  readonly emulatedToo: boolean;
  /** Its part of the budget, relative to the other experiments' parts. */
  readonly share: number;
  measure(subject: Subject): Promise<void>;
}

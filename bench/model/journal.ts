import type { FrozenBlocks } from './manifest.ts';
import type { EffectiveLimits } from './runner.ts';
import type { MarkName } from './mark.ts';

/** Where a value comes from: everything that the statistics may group by. */
export interface Coordinates {
  readonly session: number;
  readonly experiment: string;
  readonly workload: string;
  /** The id under which the runner appears (`Support.as`). */
  readonly runner: string;
  readonly block: number;
  /** Place of this runner in the block, from 0. */
  readonly position: number;
  readonly phase: 'pilot' | 'measured';
  /** Counts the instances of the run, from 0; null for what was read before any was started. */
  readonly instance: number | null;
}

/** One number, as it was read. */
export interface SampleEvent extends Coordinates {
  readonly type: 'sample';
  readonly metric: string;
  /** Counts the operations of one instance, from 0. */
  readonly operation: number;
  readonly value: number;
}

/** Something that should have given a number and did not. */
export interface FailureEvent extends Coordinates {
  readonly type: 'failure';
  /** The metrics that are missing because of it. */
  readonly metrics: readonly string[];
  readonly stage: 'start' | 'measure' | 'end' | 'clean';
  readonly code: string;
  readonly message: string;
  /** Nanoseconds since `launched` of the marks that were reached. */
  readonly marks: Partial<Record<MarkName, number>>;
}

/** What an instance really got, once for each instance. */
export interface LimitsEvent extends Coordinates {
  readonly type: 'limits';
  readonly limits: EffectiveLimits;
  /** Host CPUs that this instance was to get, where not the spec's. */
  readonly cpus?: readonly number[];
}

/** A ramp after one of its steps: how many instances stand and what they take. */
export interface RampStep {
  /** `idle` or `loaded`. */
  readonly arm: string;
  /** Instances whose start was tried so far; those that became ready; those that answered at this step. */
  readonly launched: number;
  readonly ready: number;
  readonly alive: number;
  /** MemTotal − MemAvailable of the host after settling, without tare's own memory, less the same before the ramp's first start. */
  readonly usedBytes: number;
  readonly availableBytes: number;
  /** Median nanoseconds to `ready` of the starts of this step; null where none became ready. */
  readonly startNs: number | null;
  /** The rule that ended the ramp at this step, and what it saw; null where it went on. */
  readonly stop: { readonly rule: string; readonly message: string } | null;
}

export interface RampEvent extends Coordinates, RampStep {
  readonly type: 'ramp';
}

/** A state of the host that makes the values of its block doubtful. */
export interface GuardEvent {
  readonly type: 'guard';
  readonly experiment: string;
  readonly workload: string;
  /** Set where only this runner's values are doubtful. */
  readonly runner?: string;
  readonly block: number;
  readonly phase: 'pilot' | 'measured';
  readonly guard: string;
  readonly tripped: boolean;
  readonly value: number | null;
  readonly message: string;
}

/** The number of blocks, frozen after the pilot. */
export interface FrozenEvent extends FrozenBlocks {
  readonly type: 'frozen';
  readonly experiment: string;
  readonly workload: string;
}

export interface BlockEvent {
  readonly type: 'block';
  readonly experiment: string;
  readonly workload: string;
  readonly block: number;
  readonly phase: 'pilot' | 'measured';
  readonly order: readonly string[];
  readonly startedAt: string;
  readonly seconds: number;
}

/** The last line of a run that came to an end; a journal without it was cut. */
export interface EndEvent {
  readonly type: 'end';
  readonly outcome: 'complete' | 'interrupted' | 'failed';
  readonly message: string;
  readonly at: string;
}

export type JournalEvent =
  | SampleEvent
  | FailureEvent
  | LimitsEvent
  | RampEvent
  | GuardEvent
  | FrozenEvent
  | BlockEvent
  | EndEvent;

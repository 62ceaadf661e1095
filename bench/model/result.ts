import type { RampStep } from './journal.ts';
import type { Better, Unit } from './metric.ts';
import type { Text } from './text.ts';
import type { HostFacts, Manifest, ManifestRunner, UnavailableRunner } from './manifest.ts';

export interface Interval {
  /** Null: no finite bound on this side, because of failures. */
  readonly lo: number | null;
  /** Null: no finite bound on this side, because of failures. */
  readonly hi: number | null;
  /** The level that n really attains; at least the asked one, unless `below` says so. */
  readonly level: number;
}

export type ComparisonVerdict = 'equivalent' | 'faster' | 'slower' | 'not-resolved';

/** A runner against native, block by block. */
export interface RatioToNative {
  /** exp(median ln(runner/native)); null where failures make it infinite. */
  readonly value: number | null;
  readonly ci: Interval | null;
  /** Blocks with a ratio. */
  readonly n: number;
  /** Blocks in which native itself failed. */
  readonly withoutNative: number;
  /** The smallest two-sided p that n blocks can give. */
  readonly smallestP: number;
  readonly verdict: ComparisonVerdict;
  /** Whether the whole interval lies beyond ±δ. */
  readonly beyondDelta: boolean;
  /** For `not-resolved`: how many blocks it would need, where that can be said. */
  readonly needsBlocks: number | null;
}

/** A quantile far from the middle, towards what is worse. */
export interface Tail {
  /** 0.95 and 0.99; 0.05 and 0.01 where higher is better. */
  readonly p: number;
  /** Null where n is too small for an interval, or failures reach it. */
  readonly value: number | null;
  /** At 95%; null where n is too small. */
  readonly ci: Interval | null;
  /** The fewest blocks with which there is an interval. */
  readonly needsBlocks: number;
}

/** A cell's values in the blocks in which no guard tripped. */
export interface WithoutMarked {
  readonly n: number;
  readonly median: number | null;
  readonly ratioToNative: RatioToNative | null;
}

/** runner × experiment × workload × metric. */
export interface Cell {
  /** `runner/experiment/workload/metric`: what evidence points to. */
  readonly key: string;
  readonly runner: string;
  readonly experiment: string;
  readonly workload: string;
  readonly metric: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: Better;
  readonly primary: boolean;
  /** Blocks with a value. */
  readonly n: number;
  readonly failures: number;
  readonly median: number | null;
  readonly ci: Interval | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly tails: readonly Tail[];
  /**
   * Standard deviations on the log scale, as shares: between operations of one start (null where none has several), and between starts.
   * Null where a value has no logarithm.
   */
  readonly scatter: { readonly operation: number | null; readonly restart: number | null } | null;
  /** `emulated`: shown apart, without ratio or verdict. `not-comparable`: an undeclared difference was read back. */
  readonly status: 'assessable' | 'emulated' | 'not-comparable' | 'no-data';
  readonly ratioToNative: RatioToNative | null;
  /** Of a VM: the same against the runner of the container column, whose failures `withoutNative` then counts; else null. */
  readonly ratioToContainer: RatioToNative | null;
  /** What is left when blocks in which a guard tripped are put aside; null where no block was marked. */
  readonly withoutMarked: WithoutMarked | null;
  readonly warnings: readonly Text[];
}

export interface ClaimHalf {
  readonly column: 'container' | 'vm';
  readonly source: Text;
  readonly verdict: 'holds' | 'does-not-hold' | 'not-resolved' | 'not-assessable';
  readonly reason: Text;
  /** Keys of the cells that decide it. */
  readonly evidence: readonly string[];
  /** What the blocks say in which no guard tripped; null where none of the evidence was marked. */
  readonly withoutMarked: Pick<ClaimHalf, 'verdict' | 'reason'> | null;
}

export interface ClaimResult {
  readonly id: string;
  readonly feature: Text;
  readonly halves: readonly ClaimHalf[];
}

/** A limit in which an instance differs from what was asked or from its peers. */
export interface Difference {
  readonly runner: string;
  readonly limit: string;
  readonly expected: string;
  readonly actual: string;
  /** Why, where the runner declares it as designed; null makes the runner's cells not comparable. */
  readonly designed: string | null;
}

export interface GuardSummary {
  readonly guard: string;
  readonly experiment: string;
  readonly workload: string;
  /** Set where only this runner's values are doubtful. */
  readonly runner?: string;
  readonly blocks: number;
  readonly tripped: number;
  readonly message: string;
}

export interface FailureSummary {
  readonly runner: string;
  readonly experiment: string;
  readonly workload: string;
  readonly phase: 'pilot' | 'measured';
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly count: number;
}

/** How often comparisons of a runner with itself claimed a difference. */
export interface CalibrationRate {
  readonly experiment: string;
  readonly workload: string;
  readonly runner: string;
  /** Which arm was held against the first. */
  readonly arm: string;
  /** What was really injected, as a share of a start (medians); null where nothing was. */
  readonly injected: number | null;
  /** Comparisons, and the blocks of each. */
  readonly gates: number;
  readonly gateBlocks: number;
  /** Of these, how many called the arm different; slower, where something was injected. */
  readonly claimed: number;
  /** Claims that were wrong: any where nothing was injected, else "faster". */
  readonly wrong: number;
  /** Of the share that was claimed, exact. */
  readonly ci: Interval;
}

/** One ramp of instances, from the first step to the rule that ended it. */
export interface RampSummary {
  readonly runner: string;
  readonly workload: string;
  readonly block: number;
  readonly arm: string;
  readonly steps: readonly RampStep[];
}

/** `result.json`: derived from manifest and journal alone, byte for byte. */
export interface Result {
  readonly schema: 'tare-result-1';
  readonly runId: string;
  readonly startedAt: string;
  readonly host: HostFacts;
  readonly image: Manifest['image'];
  readonly spec: Manifest['spec'];
  readonly columns: Manifest['columns'];
  readonly level: number;
  readonly comparisons: number;
  readonly delta: number;
  readonly runners: readonly (ManifestRunner & { readonly isolation: string; readonly accel: string })[];
  readonly unavailable: readonly UnavailableRunner[];
  readonly experiments: readonly {
    readonly id: string;
    readonly workload: string;
    readonly blocks: number;
    readonly pilotBlocks: number;
    readonly frozen: { readonly blocks: number; readonly reason: string; readonly needed: number | null } | null;
  }[];
  readonly cells: readonly Cell[];
  readonly claims: readonly ClaimResult[];
  readonly differences: readonly Difference[];
  readonly ramps: readonly RampSummary[];
  readonly calibration: readonly CalibrationRate[];
  readonly guards: readonly GuardSummary[];
  readonly failures: readonly FailureSummary[];
  readonly outcome: 'complete' | 'interrupted' | 'failed' | 'cut';
}

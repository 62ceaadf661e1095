import type { Metric } from './metric.ts';
import type { Capabilities, OptionValues } from './runner.ts';

/** Facts of the host that a reader needs to judge the numbers; null where the host does not say. */
export interface HostFacts {
  readonly kernel: string;
  readonly distribution: string;
  readonly cpuModel: string | null;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  readonly init: string;
  readonly virtualised: boolean;
  readonly kvm: boolean;
  readonly governor: string | null;
  readonly smt: boolean | null;
  readonly stateFileSystem: string;
}

export interface ManifestRunner {
  readonly id: string;
  readonly as: string;
  readonly title: string;
  readonly capabilities: Capabilities;
  readonly versions: Readonly<Record<string, string>>;
  /** Identity of what it starts for the first workload. */
  readonly digest: string;
  /** The same for every workload, by its id. */
  readonly digests?: Readonly<Record<string, string>>;
  /** Every option with its value; absent where it has none. */
  readonly options?: OptionValues;
  /** Where somebody's own runner comes from; absent for tare's. */
  readonly module?: RunnerModule;
  /** Where the run holds two configurations against each other: the `as` of the runner whose baseline this is. */
  readonly baselineOf?: string;
}

/** The module that a runner which is not tare's was loaded from. */
export interface RunnerModule {
  /** As it was named: a package or a path. */
  readonly use: string;
  /** Of the package that holds it; null where none says. */
  readonly version: string | null;
}

export interface UnavailableRunner {
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
  /** Set where the runner could not prepare this workload only. */
  readonly workload?: string;
}

/** The number of measured blocks, fixed before the first of them. */
export interface FrozenBlocks {
  readonly blocks: number;
  readonly reason: 'budget' | 'precision' | 'minimum' | 'profile';
  /** What the target half-width would have needed; null where nothing could tell. */
  readonly needed: number | null;
}

export interface PlannedExperiment {
  readonly id: string;
  readonly workload: string;
  readonly metrics: readonly Metric[];
  readonly pilotBlocks: number;
  readonly minimumBlocks: number;
  /** Where a runner is compared with itself: the blocks of each comparison. */
  readonly gateBlocks?: number;
  /** Set once, after the pilot and before the first measured block; the journal has the same event. */
  readonly frozen: FrozenBlocks | null;
}

/** What every instance gets. */
export interface ManifestSpec {
  readonly cpus: readonly number[];
  readonly memoryBytes: number;
  readonly diskCache: 'none' | 'writeback';
  readonly network: 'bridge' | 'none';
  readonly clientCpus: readonly number[];
}

/** The configuration that a run is held against, started in the same blocks. */
export interface Baseline {
  /** Where it comes from: a file, or a file of a revision. */
  readonly source: string;
  readonly spec: ManifestSpec;
  /** The share by which a cell may be worse. */
  readonly maxRegression: number;
}

/** A setting of the host that a run changed while it went on. */
export interface TunedSetting {
  readonly path: string;
  readonly before: string;
  readonly during: string;
}

/** Everything that was fixed before the first sample. */
export interface Manifest {
  readonly schema: 1;
  readonly runId: string;
  readonly tare: string;
  readonly startedAt: string;
  /** The configuration with every default written out. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly host: HostFacts;
  /** The base image; `flavours` has the digests of those built on it that the run used, by name. */
  readonly image: {
    readonly digest: string;
    readonly packages: number;
    readonly createdAt: string;
    readonly suite: string;
    readonly flavours?: Readonly<Record<string, string>>;
  };
  readonly runners: readonly ManifestRunner[];
  readonly unavailable: readonly UnavailableRunner[];
  readonly experiments: readonly PlannedExperiment[];
  /** Which runner stands for which column of the table. */
  readonly columns: { readonly container: string | null; readonly vm: string | null };
  readonly spec: ManifestSpec;
  /** Set where the run holds two configurations against each other. */
  readonly baseline?: Baseline;
  /** Which CPUs the run uses for what; `warnings` are sentences about what could not be kept apart. */
  readonly placement?: {
    readonly instance: readonly number[];
    readonly client: readonly number[];
    readonly host: readonly number[];
    readonly warnings: readonly string[];
  };
  /** What `--tune` changed on the host until the run's end; absent where it was not asked for. */
  readonly tuned?: readonly TunedSetting[];
  /** Where the VM column's image comes from, as it stands in a sentence. */
  readonly vmImage: string;
  readonly workloadSettings: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  /** 1 − 0.05/m. */
  readonly level: number;
  /** m, the number of primary comparisons. */
  readonly comparisons: number;
  /** δ of the verdict "equivalent". */
  readonly delta: number;
}

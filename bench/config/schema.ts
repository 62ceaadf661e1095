import { z } from 'zod';
import type { OptionValues } from '../model/runner.ts';
import { bytes, duration } from './quantities.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and hyphens');
/** Of a built-in one, or a file that describes one. */
const workload = z
  .string()
  .regex(/^(?:[a-z][a-z0-9-]{0,31}|.*\.ya?ml)$/, 'expected the id of a workload, or a file that ends in .yaml');
const count = z.number().int().positive();
const optionValues = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'expected the name of an option in camel case'),
  z.union([z.string(), z.number(), z.boolean()]),
);
/** A built-in runner by its id, or somebody's own by a package's name or a path. */
const runner = z.union([id, z.strictObject({ use: z.string().min(1), options: optionValues.optional() })]);

/** What a configuration file may hold; every field is optional, the profile fills in the rest. */
export const configFileSchema = z.strictObject({
  profile: z.enum(['smoke', 'quick', 'standard', 'paper']).optional(),
  runners: z.array(runner).nonempty().optional(),
  options: z.record(id, optionValues).optional(),
  experiments: z.array(id).nonempty().optional(),
  workload: workload.optional(),
  throughput: z
    .strictObject({
      workloads: z.array(id).nonempty().optional(),
      operationTime: duration.optional(),
      blocks: count.nullable().optional(),
      emulated: z.enum(['main', 'all']).optional(),
      suite: z.string().optional(),
    })
    .optional(),
  density: z
    .strictObject({
      containers: count.optional(),
      vms: count.optional(),
      loaded: z.strictObject({ containers: count.optional(), vms: count.optional() }).optional(),
      rampTime: duration.optional(),
      ramps: count.optional(),
      arms: z
        .array(z.enum(['idle', 'loaded']))
        .nonempty()
        .optional(),
      slowdown: z.number().min(1).optional(),
    })
    .optional(),
  calibration: z
    .strictObject({
      gates: count.optional(),
      gateBlocks: z.number().int().min(6).optional(),
      percents: z.array(z.number().int().min(0).max(100)).nonempty().optional(),
      how: z.enum(['delay', 'burn']).optional(),
    })
    .optional(),
  vmImage: z.string().optional(),
  clientCpus: z.array(z.number().int().nonnegative()).nonempty().optional(),
  emulatedBlocks: count.optional(),
  columns: z.strictObject({ container: id.optional(), vm: id.optional() }).optional(),
  instance: z
    .strictObject({
      cpus: z.union([count, z.array(z.number().int().nonnegative()).nonempty()]).optional(),
      memory: bytes.optional(),
      diskCache: z.enum(['none', 'writeback']).optional(),
      network: z.enum(['bridge', 'none']).optional(),
    })
    .optional(),
  accel: z.enum(['auto', 'kvm', 'tcg']).optional(),
  budget: duration.optional(),
  startTimeout: duration.optional(),
  stopTimeout: duration.optional(),
  pilotBlocks: z.number().int().nonnegative().optional(),
  maxBlocks: count.optional(),
  rampBlocks: count.optional(),
  targetHalfWidth: z.number().positive().max(1).optional(),
  tune: z.boolean().optional(),
  delta: z.number().positive().max(1).optional(),
  seed: z.number().int().nonnegative().optional(),
  state: z.string().startsWith('/').optional(),
  out: z.string().optional(),
});

export type ConfigFile = z.output<typeof configFileSchema>;

/** A runner that is not one of tare's own. */
export interface OwnRunner {
  /** An absolute path, or a package that is resolved from `from`. */
  readonly use: string;
  readonly options?: OptionValues | undefined;
  /** The folder of the configuration file, or the working directory. */
  readonly from?: string;
}

/** The configuration with every default written out. Times in ms, sizes in bytes. */
export interface Config {
  readonly profile: 'smoke' | 'quick' | 'standard' | 'paper';
  readonly runners: readonly (string | OwnRunner)[];
  /** Options of runners by the runner's id; what is not said has its default. */
  readonly options: Readonly<Record<string, OptionValues>>;
  readonly experiments: readonly string[];
  /** The id of a built-in one, or the path of a file that describes one. */
  readonly workload: string;
  readonly columns: { readonly container: string; readonly vm: string };
  readonly instance: {
    /** How many CPUs (tare picks them) or which. */
    readonly cpus: number | readonly number[];
    readonly memory: number;
    readonly diskCache: 'none' | 'writeback';
    readonly network: 'bridge' | 'none';
  };
  readonly throughput: {
    /** Which programs. */
    readonly workloads: readonly string[];
    /** Milliseconds of one operation, for programs that can be told. */
    readonly operationTime: number;
    /** Measured blocks; null: a pilot decides. */
    readonly blocks: number | null;
    /** Which programs an emulated runner is shown with: all of them, or the run's application (the first, where that is none of them). */
    readonly emulated: 'main' | 'all';
    /** A tinybench suite of the user's own in place of the shipped one; null: the shipped one. */
    readonly suite: string | null;
  };
  readonly density: {
    /** Most instances of a ramp, by kind. */
    readonly containers: number;
    readonly vms: number;
    /** The same of loaded instances, which are filled one by one; never more than of idle ones. */
    readonly loaded: { readonly containers: number; readonly vms: number };
    /** Milliseconds after which a ramp starts nothing more. */
    readonly rampTime: number;
    /** Ramps of every runner; the interval of the slope needs three. */
    readonly ramps: number;
    readonly arms: readonly ('idle' | 'loaded')[];
    /** k: a start that takes k times the first one's time ends the ramp. */
    readonly slowdown: number;
  };
  /** Of the experiments `aa` and `inject`, in which a runner is compared with itself. */
  readonly calibration: {
    /** Comparisons of each runner. */
    readonly gates: number;
    /** Blocks of each comparison; fewer than 6 can claim nothing. */
    readonly gateBlocks: number;
    /** Of a typical start, what is injected. */
    readonly percents: readonly number[];
    readonly how: 'delay' | 'burn';
  };
  /** A distribution's qcow2 cloud image in place of the full system's own build; null: our own. */
  readonly vmImage: string | null;
  /** CPUs of clients outside; null: tare picks them, apart from the instances'. */
  readonly clientCpus: readonly number[] | null;
  /** Blocks in which an emulated runner takes its turn where nothing of its values can be assessed. */
  readonly emulatedBlocks: number;
  readonly accel: 'auto' | 'kvm' | 'tcg';
  readonly budget: number;
  readonly startTimeout: number;
  readonly stopTimeout: number;
  /** Blocks that estimate cost and spread, kept but excluded from results. */
  readonly pilotBlocks: number;
  /** Upper bound of the measured blocks of an experiment. */
  readonly maxBlocks: number;
  /** Ramps of the disk experiment. */
  readonly rampBlocks: number;
  /** Half-width of the interval of ln(ratio) that the number of blocks aims at. */
  readonly targetHalfWidth: number;
  /** Whether settings of the host are changed until the run's end. */
  readonly tune: boolean;
  /** δ: ratios within ±δ are equivalent. */
  readonly delta: number;
  readonly seed: number;
  readonly state: string;
  readonly out: string;
}

import { z } from 'zod';
import { bytes, duration } from './quantities.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and hyphens');
const count = z.number().int().positive();

/** What a configuration file may hold; every field is optional, the profile fills in the rest. */
export const configFileSchema = z.strictObject({
  profile: z.enum(['smoke', 'quick', 'standard', 'paper']).optional(),
  runners: z.array(id).nonempty().optional(),
  experiments: z.array(id).nonempty().optional(),
  workload: id.optional(),
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
  delta: z.number().positive().max(1).optional(),
  seed: z.number().int().nonnegative().optional(),
  state: z.string().startsWith('/').optional(),
  out: z.string().optional(),
});

export type ConfigFile = z.output<typeof configFileSchema>;

/** The configuration with every default written out. Times in ms, sizes in bytes. */
export interface Config {
  readonly profile: 'smoke' | 'quick' | 'standard' | 'paper';
  readonly runners: readonly string[];
  readonly experiments: readonly string[];
  readonly workload: string;
  readonly columns: { readonly container: string; readonly vm: string };
  readonly instance: {
    /** How many CPUs (tare picks them) or which. */
    readonly cpus: number | readonly number[];
    readonly memory: number;
    readonly diskCache: 'none' | 'writeback';
    readonly network: 'bridge' | 'none';
  };
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
  /** δ: ratios within ±δ are equivalent. */
  readonly delta: number;
  readonly seed: number;
  readonly state: string;
  readonly out: string;
}

import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { memoryFloor } from '../experiments/density/rules.ts';
import type { Experiment } from '../model/experiment.ts';
import type { Support } from '../model/runner.ts';
import { type Change, changesOf } from './dry-run/changes.ts';
import type { ImageFact, RunFacts } from './dry-run/facts.ts';
import { type ExpectedRunner, plannedWork, type PlannedWork } from './dry-run/instances.ts';

/** What a density ramp may take of the host. */
export interface DensityBounds {
  readonly containers: number;
  readonly vms: number;
  readonly arms: readonly string[];
  /** A ramp ends before less than this is available; null where the host's memory is not known. */
  readonly floorBytes: number | null;
  /** A start that takes this many times the first one's time ends a ramp. */
  readonly slowdown: number;
  /** Milliseconds after which a ramp starts nothing more. */
  readonly rampTimeMs: number;
}

/** Everything that a run would do to this host; what `tare run --dry-run --json` prints. */
export interface DryRun {
  readonly schema: 'tare-dry-run-1';
  /** Whether it looked as root: without, some runners cannot say whether they would run. */
  readonly root: boolean;
  /** Set where the run would be refused at once. */
  readonly refusedBecause: string | null;
  readonly runners: readonly { readonly id: string; readonly support: Support }[];
  readonly images: readonly ImageFact[];
  /** The parent of the bundle's folder, absolute. */
  readonly out: string;
  readonly changes: readonly Change[];
  readonly cpus: RunFacts['cpus'];
  readonly work: readonly PlannedWork[];
  /** Milliseconds of measuring; images are made before. */
  readonly budgetMs: number;
  readonly density: DensityBounds | null;
  readonly freeBytes: number;
  readonly availableBytes: number | null;
  readonly config: Config;
}

function expected(runners: RunFacts['runners']): readonly ExpectedRunner[] {
  return runners.flatMap(({ support }) => (support.ok ? [support] : []));
}

function densityBounds({ density, experiments }: Config, memoryBytes: number | null): DensityBounds | null {
  if (!experiments.includes('density')) return null;
  const { containers, vms, arms, slowdown, rampTime: rampTimeMs } = density;
  const floorBytes = memoryBytes === null ? null : memoryFloor(memoryBytes);
  return { containers, vms, arms, slowdown, rampTimeMs, floorBytes };
}

function measuresFromOutside({ id, workload }: Experiment): boolean {
  return id === 'throughput' && workload.measurements.some(({ client }) => client === 'bridge');
}

function refusal({ otherRun, runners }: RunFacts): string | null {
  if (otherRun !== null) return `run ${otherRun} is going on with the same state folder`;
  return runners.some(({ support }) => support.ok) ? null : 'no runner can run here';
}

/** What such a run would do on a host with these facts. Pure. */
export function describeRun(config: Config, facts: RunFacts): DryRun {
  const able = facts.runners.filter(({ support }) => support.ok).map(({ id }) => id);
  return {
    schema: 'tare-dry-run-1',
    root: facts.root,
    refusedBecause: refusal(facts),
    runners: facts.runners,
    images: facts.images,
    out: resolve(config.out),
    changes: changesOf({
      config,
      runners: able,
      clients: facts.experiments.some(measuresFromOutside),
      tuning: config.tune ? facts.tuning : [],
      bridgesFiltered: facts.bridgesFiltered,
    }),
    cpus: facts.cpus,
    work: facts.experiments.map((experiment) => plannedWork(experiment, expected(facts.runners), config)),
    budgetMs: config.budget,
    density: densityBounds(config, facts.memoryBytes),
    freeBytes: facts.freeBytes,
    availableBytes: facts.availableBytes,
    config,
  };
}

import type { Config } from '../config/schema.ts';
import { type Lineup, manifestRunner, type WorkloadSpec } from '../execute/active.ts';
import { hostFacts } from '../host/facts.ts';
import type { CpuPlan } from '../host/placement.ts';
import type { Experiment } from '../model/experiment.ts';
import type { Image } from '../model/image.ts';
import type { Manifest } from '../model/manifest.ts';
import type { RunContext } from '../model/runner.ts';
import type { Flavour, Workload } from '../model/workload.ts';
import { countComparisons } from '../plan.ts';
import { levelFor, minimumBlocksForLevel } from '../stats/blocks.ts';
import { VERSION } from './version.ts';

/** What a run is about, once everything is chosen and before anything is started. */
export interface RunPlan {
  readonly config: Config;
  readonly experiments: readonly Experiment[];
  /** Every workload once, the main one first, and what each of them starts. */
  readonly workloads: readonly Workload[];
  readonly specs: readonly [WorkloadSpec, ...WorkloadSpec[]];
  readonly images: ReadonlyMap<Flavour, Image>;
  readonly placement: CpuPlan & { readonly usable: readonly number[] };
}

function columnsOf(config: Config, lineup: Lineup): Manifest['columns'] {
  const as = (id: string) => lineup.active.find(({ runner }) => runner.id === id)?.support.as ?? null;
  return { container: as(config.columns.container), vm: as(config.columns.vm) };
}

/** The main workload's image, and those of other flavours. */
function imageOf({ specs, images }: RunPlan): Manifest['image'] {
  const { digest, packages, createdAt, recipe } = specs[0].spec.image.manifest;
  const others = [...images].filter(([, image]) => image.manifest.digest !== digest);
  const flavours = Object.fromEntries(others.map(([flavour, image]) => [flavour, image.manifest.digest]));
  const facts = { digest, packages: packages.length, createdAt, suite: recipe.suite };
  return others.length === 0 ? facts : { ...facts, flavours };
}

/** Where the image of the VM column comes from. */
function provenanceOf(config: Config, lineup: Lineup): string {
  const column = lineup.active.find(({ runner }) => runner.id === config.columns.vm);
  const [first] = column?.prepared.values() ?? [];
  return first?.provenance ?? 'our minimal build';
}

/** Everything that is fixed before the first sample. */
export async function manifestOf(plan: RunPlan, run: RunContext, lineup: Lineup): Promise<Manifest> {
  const { config, experiments, placement } = plan;
  const planned = lineup.active.map(({ support }) => {
    return { as: support.as, accelerator: support.capabilities.accelerator };
  });
  const comparisons = countComparisons(planned, experiments);
  const level = levelFor(comparisons);
  const { cpus, memoryBytes, diskCache, network, clientCpus } = plan.specs[0].spec;
  return {
    schema: 1,
    runId: run.owner.runId,
    tare: VERSION,
    startedAt: new Date().toISOString(),
    config: { ...config },
    seed: config.seed,
    host: await hostFacts(config.state),
    image: imageOf(plan),
    runners: lineup.active.map(manifestRunner),
    unavailable: lineup.unavailable,
    experiments: experiments.map((experiment) => ({
      id: experiment.id,
      workload: experiment.workload.id,
      metrics: experiment.metrics,
      pilotBlocks: experiment.pilotBlocks,
      minimumBlocks: minimumBlocksForLevel(level),
      ...(experiment.gateBlocks === undefined ? {} : { gateBlocks: experiment.gateBlocks }),
      frozen: null,
    })),
    columns: columnsOf(config, lineup),
    spec: { cpus, memoryBytes, diskCache, network, clientCpus },
    placement: {
      ...{ instance: placement.instance, client: placement.client, host: placement.host },
      warnings: placement.overlaps,
    },
    vmImage: provenanceOf(config, lineup),
    workloadSettings: Object.fromEntries(plan.workloads.map(({ id, settings }) => [id, settings])),
    level,
    comparisons,
    delta: config.delta,
  };
}

import type { Config } from '../config/schema.ts';
import { UnsupportedError } from '../errors.ts';
import { type ActiveRunner, asBaseline, type ChosenRunner, lineUp, type WorkloadSpec } from '../execute/active.ts';
import { experimentsOf } from '../experiments/registry.ts';
import { planCpusHere } from '../host/placement.ts';
import { buildImage } from '../image/build.ts';
import type { Experiment } from '../model/experiment.ts';
import type { Image } from '../model/image.ts';
import type { Baseline } from '../model/manifest.ts';
import type { InstanceSpec, RunContext } from '../model/runner.ts';
import type { Flavour, Workload } from '../model/workload.ts';
import type { RunPlan } from './run-manifest.ts';
import { resolveWorkloads } from './workloads.ts';

/** What a run starts, chosen before anything is: of its own configuration, and of the one that it is held against. */

/** The image of every flavour that these workloads start from. */
async function imagesOf(
  workloads: readonly Workload[],
  build: (flavour: Flavour) => Promise<Image>,
): Promise<ReadonlyMap<Flavour, Image>> {
  const images = new Map<Flavour, Image>();
  for (const flavour of new Set(workloads.map((workload) => workload.flavour)))
    images.set(flavour, await build(flavour));
  return images;
}

function specsOf(
  workloads: readonly Workload[],
  experiments: readonly Experiment[],
  images: ReadonlyMap<Flavour, Image>,
  common: Omit<InstanceSpec, 'image' | 'entry'>,
): RunPlan['specs'] {
  const [first, ...others] = workloads.flatMap(({ id, entry, flavour }): readonly WorkloadSpec[] => {
    const image = images.get(flavour);
    const emulatedToo = experiments.some((experiment) => experiment.workload.id === id && experiment.emulatedToo);
    return image ? [{ workload: id, spec: { image, entry, ...common }, emulatedToo }] : [];
  });
  if (first) return [first, ...others];
  throw new UnsupportedError('NO_WORKLOAD', 'the run has no workload');
}

/** Everything that a run is about; builds the images that are not there. */
export async function planRun(config: Config, signal: AbortSignal, note: (message: string) => void): Promise<RunPlan> {
  const chosen = await resolveWorkloads(config, signal);
  const experiments = config.experiments.flatMap((id) => experimentsOf(id, config, chosen));
  const workloads = distinct([chosen.main, ...experiments.map(({ workload }) => workload)]);
  const placement = planCpusHere({ instanceCpus: config.instance.cpus, clientCpus: config.clientCpus });
  for (const overlap of placement.overlaps) note(`CPUs: ${overlap}`);
  const images = await imagesOf(workloads, (flavour) =>
    buildImage({ stateDir: config.state, signal, onProgress: note, flavour }),
  );
  const { memory: memoryBytes, diskCache, network } = config.instance;
  const { instance: cpus, client: clientCpus } = placement;
  const specs = specsOf(workloads, experiments, images, { cpus, clientCpus, memoryBytes, diskCache, network });
  return { config, experiments, workloads, specs, images, placement };
}

/** Another configuration, measured in the same blocks. */
export interface Against {
  readonly source: string;
  readonly config: Config;
  readonly maxRegression: number;
}

/** The other configuration's runners with its options, prepared, under names of their own. */
export async function baselineOf(
  { source, config, maxRegression }: Against,
  { workloads, experiments, images }: RunPlan,
  {
    chosen,
    run,
    prepared,
    note,
  }: {
    readonly chosen: readonly ChosenRunner[];
    readonly run: RunContext;
    readonly prepared: AsyncDisposableStack;
    readonly note: (message: string) => void;
  },
): Promise<{ readonly active: readonly ActiveRunner[]; readonly manifest: Baseline }> {
  const { instance, clientCpus: wanted, vmImage } = config;
  const { memory: memoryBytes, diskCache, network } = instance;
  const { instance: cpus, client: clientCpus } = planCpusHere({ instanceCpus: instance.cpus, clientCpus: wanted });
  const spec = { cpus, clientCpus, memoryBytes, diskCache, network };
  const specs = specsOf(workloads, experiments, images, spec);
  const { vmImage: _, ...common } = run;
  const context = vmImage === null ? common : { ...common, vmImage };
  const { active } = await lineUp(chosen, specs, context, prepared, (message) => note(`${message}, baseline`));
  return { active: active.map(asBaseline), manifest: { source, spec, maxRegression } };
}

function distinct(workloads: readonly Workload[]): readonly Workload[] {
  return [...new Map(workloads.map((workload) => [workload.id, workload])).values()];
}

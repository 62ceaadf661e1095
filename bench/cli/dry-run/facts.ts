import type { Config } from '../../config/schema.ts';
import { experimentsOf } from '../../experiments/registry.ts';
import { memoryField } from '../../host/facts.ts';
import { readText } from '../../host/files.ts';
import { type CpuPlan, planCpusHere } from '../../host/placement.ts';
import { freeBytes } from '../../host/space.ts';
import { tuningOf } from '../../host/tuning.ts';
import { TREE_ARCHIVE } from '../../image/archive.ts';
import { flavourId } from '../../image/flavour.ts';
import { currentImage, imagesDir } from '../../image/store.ts';
import type { Experiment } from '../../model/experiment.ts';
import type { TunedSetting } from '../../model/manifest.ts';
import type { HostContext, Support } from '../../model/runner.ts';
import type { Flavour } from '../../model/workload.ts';
import { isAlive, registeredOwners } from '../../proc/owner.ts';
import { chooseRunners } from '../choose-runners.ts';
import { probeRunner } from '../doctor/examine.ts';
import { resolveWorkloads } from '../workloads.ts';

const TIMEOUT_MS = 60_000;

export interface ImageFact {
  readonly flavour: Flavour;
  /** Null where it has to be built. */
  readonly digest: string | null;
  /** Where it is, or the store in which it would be made. */
  readonly folder: string;
  /** Of its tree as one tar; null where it has to be built. */
  readonly bytes: number | null;
}

/** What of the host decides what a run does there. */
export interface RunFacts {
  readonly root: boolean;
  readonly runners: readonly { readonly id: string; readonly support: Support }[];
  readonly experiments: readonly Experiment[];
  readonly images: readonly ImageFact[];
  readonly cpus: CpuPlan;
  /** Free bytes where the state folder is. */
  readonly freeBytes: number;
  /** Null where the host does not say. */
  readonly memoryBytes: number | null;
  readonly availableBytes: number | null;
  readonly bridgesFiltered: boolean;
  /** What `--tune` would change. */
  readonly tuning: readonly TunedSetting[];
  /** The id of a run that goes on with the same state folder; null where there is none. */
  readonly otherRun: string | null;
}

async function imageOf(state: string, flavour: Flavour): Promise<ImageFact> {
  const image = await currentImage(state, await flavourId(flavour));
  const bytes = image?.manifest.artefacts[TREE_ARCHIVE]?.bytes ?? null;
  return { flavour, digest: image?.manifest.digest ?? null, folder: image?.folder ?? imagesDir(state), bytes };
}

/**
 * Looks at everything that decides what the run would do; changes nothing, and works without root as far as the host lets it.
 * @throws ConfigError for what the run itself would refuse.
 */
export async function examineRun(config: Config): Promise<RunFacts> {
  const { state, accel } = config;
  const context: HostContext = { stateDir: state, accel, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const { chosen } = await chooseRunners(config);
  const workloads = await resolveWorkloads(config, context.signal);
  const experiments = config.experiments.flatMap((id) => experimentsOf(id, config, workloads));
  const flavours = new Set(
    [workloads.main, ...experiments.map(({ workload }) => workload)].map(({ flavour }) => flavour),
  );
  const meminfo = readText('/proc/meminfo') ?? '';
  return {
    root: process.geteuid?.() === 0,
    runners: await Promise.all(
      chosen.map(async ({ runner, options }) => {
        return { id: runner.id, support: await probeRunner(runner, { ...context, options }) };
      }),
    ),
    experiments,
    images: await Promise.all([...flavours].map((flavour) => imageOf(state, flavour))),
    cpus: planCpusHere({ instanceCpus: config.instance.cpus, clientCpus: config.clientCpus }),
    freeBytes: freeBytes(state),
    memoryBytes: memoryField(meminfo, 'MemTotal'),
    availableBytes: memoryField(meminfo, 'MemAvailable'),
    bridgesFiltered: readText('/proc/sys/net/bridge/bridge-nf-call-iptables')?.trim() === '1',
    tuning: tuningOf(),
    otherRun: registeredOwners(state).find(isAlive)?.runId ?? null,
  };
}

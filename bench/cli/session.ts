import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { messageOf, ResourceError, UnsupportedError } from '../errors.ts';
import { execute } from '../execute.ts';
import { lineUp, manifestRunner, type Lineup } from '../execute/active.ts';
import { experimentOf } from '../experiments/registry.ts';
import { chooseCpus } from '../host/cpus.ts';
import { hostFacts } from '../host/facts.ts';
import { requireSpace } from '../host/space.ts';
import { buildImage } from '../image/build.ts';
import { sealEvidence } from '../journal/read.ts';
import { Journal, writeManifest } from '../journal/write.ts';
import type { Experiment } from '../model/experiment.ts';
import type { EndEvent } from '../model/journal.ts';
import type { Manifest } from '../model/manifest.ts';
import type { InstanceSpec, RunContext } from '../model/runner.ts';
import { countComparisons } from '../plan.ts';
import { levelFor, minimumBlocksForLevel } from '../stats/blocks.ts';
import { workloadOf } from '../workloads/registry.ts';
import { runnersOf } from '../../runners/registry.ts';
import { nullRunner } from '../../runners/null/index.ts';
import { takeOwnership } from './ownership.ts';
import type { Progress } from './progress.ts';
import { passProxies } from './proxies.ts';
import { VERSION } from './version.ts';

/** Free bytes without which a run is not begun: a base disk, a run-private tree and the disk experiment's data sets. */
const NEEDED_BYTES = 4 * 2 ** 30;

export interface SessionEnd {
  readonly bundle: string;
  readonly outcome: EndEvent['outcome'];
}

function columnsOf(config: Config, lineup: Lineup): Manifest['columns'] {
  const as = (id: string) => lineup.active.find(({ runner }) => runner.id === id)?.support.as ?? null;
  return { container: as(config.columns.container), vm: as(config.columns.vm) };
}

function requireSomething(lineup: Lineup): void {
  if (lineup.active.length > 0) return;
  const reasons = lineup.unavailable.map((runner) => `${runner.id}: ${runner.reason} (hint: ${runner.hint})`);
  throw new UnsupportedError('NO_RUNNER', `no runner can run here\n${reasons.join('\n')}`, {
    hint: '"tare doctor" shows what is missing and how to install it',
  });
}

async function manifestOf(
  config: Config,
  run: RunContext,
  spec: InstanceSpec,
  lineup: Lineup,
  experiments: readonly Experiment[],
): Promise<Manifest> {
  const planned = lineup.active.map(({ support }) => ({
    as: support.as,
    accelerator: support.capabilities.accelerator,
  }));
  const comparisons = countComparisons(planned, experiments);
  const level = levelFor(comparisons);
  const { digest, packages, createdAt, recipe } = spec.image.manifest;
  const workload = workloadOf(config.workload);
  return {
    schema: 1,
    runId: run.owner.runId,
    tare: VERSION,
    startedAt: new Date().toISOString(),
    config: { ...config },
    seed: config.seed,
    host: await hostFacts(config.state),
    image: { digest, packages: packages.length, createdAt, suite: recipe.suite },
    runners: lineup.active.map(manifestRunner),
    unavailable: lineup.unavailable,
    experiments: experiments.map((experiment) => ({
      id: experiment.id,
      workload: workload.id,
      metrics: experiment.metrics,
      pilotBlocks: experiment.pilotBlocks,
      minimumBlocks: minimumBlocksForLevel(level),
      frozen: null,
    })),
    columns: columnsOf(config, lineup),
    spec: { cpus: spec.cpus, memoryBytes: spec.memoryBytes, diskCache: spec.diskCache, network: spec.network },
    workloadSettings: { [workload.id]: workload.settings },
    level,
    comparisons,
    delta: config.delta,
  };
}

function makeBundle(out: string, runId: string): string {
  const bundle = resolve(out, runId);
  try {
    mkdirSync(join(bundle, 'logs'), { recursive: true });
  } catch (cause) {
    throw new ResourceError('NO_BUNDLE', `${bundle} cannot be made: ${messageOf(cause)}`, {
      cause,
      hint: 'choose another --out',
    });
  }
  return bundle;
}

/** One whole run, from the image to the sealed evidence. What it made on the host is gone when it returns or throws. */
export async function runSession(config: Config, signal: AbortSignal, progress: Progress): Promise<SessionEnd> {
  const workload = workloadOf(config.workload);
  const experiments = config.experiments.map((id) => experimentOf(id, config));
  const runners = runnersOf(config.runners);
  const cpus = chooseCpus(config.instance.cpus);
  await using ownership = takeOwnership(config.state, signal);
  const { owner, runDir } = ownership;
  requireSpace(config.state, NEEDED_BYTES);
  passProxies();
  const image = await buildImage({ stateDir: config.state, signal, onProgress: (message) => progress.note(message) });
  const run: RunContext = {
    owner,
    stateDir: config.state,
    runDir,
    accel: config.accel,
    signal,
    startTimeoutMs: config.startTimeout,
  };
  const spec: InstanceSpec = {
    image,
    entry: workload.entry,
    cpus,
    memoryBytes: config.instance.memory,
    diskCache: config.instance.diskCache,
    network: config.instance.network,
  };
  await using prepared = new AsyncDisposableStack();
  const note = (message: string) => progress.note(message);
  const lineup = await lineUp(runners, spec, run, prepared, note);
  for (const { id, reason, hint } of lineup.unavailable) note(`${id} cannot run: ${reason}\n  hint: ${hint}`);
  requireSomething(lineup);
  if (config.accel === 'kvm') requireKvm(lineup);
  const harness = await lineUp([nullRunner], spec, run, prepared, () => {});

  const measured = lineup.active.map(({ support }) => support.as).join(', ');
  const minutes = Math.round(config.budget / 60_000);
  note(`run ${owner.runId}: ${config.experiments.join(' and ')} of ${measured}; about ${minutes} min at most`);
  const bundle = makeBundle(config.out, owner.runId);
  let manifest = await manifestOf(config, run, spec, lineup, experiments);
  writeManifest(bundle, manifest);
  const outcome = await journalled(
    bundle,
    async (journal) => {
      await execute({
        config,
        experiments,
        active: lineup.active,
        harness: harness.active[0] ?? null,
        scope: { run, bundle, workload },
        journal,
        observer: progress,
        level: manifest.level,
        onFrozen: (id, frozen) => {
          const planned = manifest.experiments.map((entry) => (entry.id === id ? { ...entry, frozen } : entry));
          manifest = { ...manifest, experiments: planned };
          writeManifest(bundle, manifest);
        },
      });
    },
    signal,
  );
  return { bundle, outcome };
}

/** Emulation must not stand in where KVM itself was asked for. */
function requireKvm(lineup: Lineup): void {
  const refused = lineup.unavailable.find((runner) => runner.id.startsWith('kvm'));
  if (!refused) return;
  throw new UnsupportedError('NO_KVM', `--accel kvm: ${refused.reason}`, { hint: refused.hint });
}

/** Runs the work with a journal whose last line says how it ended, and seals the evidence whatever happens. */
async function journalled(
  bundle: string,
  work: (journal: Journal) => Promise<void>,
  signal: AbortSignal,
): Promise<EndEvent['outcome']> {
  using journal = new Journal(bundle);
  const end = (outcome: EndEvent['outcome'], message: string) => {
    journal.append({ type: 'end', outcome, message, at: new Date().toISOString() });
    journal.sync();
    sealEvidence(bundle);
    return outcome;
  };
  try {
    await work(journal);
    return end('complete', '');
  } catch (error) {
    const outcome = end(signal.aborted ? 'interrupted' : 'failed', messageOf(error));
    if (outcome === 'interrupted') return outcome;
    throw error;
  }
}

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { messageOf, ResourceError, UnsupportedError } from '../errors.ts';
import { execute } from '../execute.ts';
import { lineUp, type Lineup } from '../execute/active.ts';
import { spreadOf } from '../host/cpus.ts';
import { requireSpace } from '../host/space.ts';
import { tune } from '../host/tuning.ts';
import { sealEvidence } from '../journal/read.ts';
import { Journal, writeManifest } from '../journal/write.ts';
import type { EndEvent } from '../model/journal.ts';
import type { Manifest } from '../model/manifest.ts';
import type { RunContext } from '../model/runner.ts';
import { nullRunner } from '../../runners/null/index.ts';
import { chooseRunners } from './choose-runners.ts';
import { takeOwnership } from './ownership.ts';
import type { Progress } from './progress.ts';
import { passProxies } from './proxies.ts';
import { manifestOf } from './run-manifest.ts';
import { type Against, baselineOf, planRun } from './run-plan.ts';

/** Free bytes without which a run is not begun: a base disk, a run-private tree and the disk experiment's data sets. */
const NEEDED_BYTES = 4 * 2 ** 30;

export interface SessionEnd {
  readonly bundle: string;
  readonly outcome: EndEvent['outcome'];
}

function requireSomething(lineup: Lineup): void {
  if (lineup.active.length > 0) return;
  const reasons = lineup.unavailable.map((runner) => `${runner.id}: ${runner.reason} (hint: ${runner.hint})`);
  throw new UnsupportedError('NO_RUNNER', `no runner can run here\n${reasons.join('\n')}`, {
    hint: '"tare doctor" shows what is missing and how to install it',
  });
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
export async function runSession(
  {
    config,
    against,
    named,
  }: {
    readonly config: Config;
    readonly against: Against | null;
    /** The runners were asked for one by one: each that cannot run here fails the run. */
    readonly named: boolean;
  },
  signal: AbortSignal,
  progress: Progress,
): Promise<SessionEnd> {
  const note = (message: string) => progress.note(message);
  const { chosen, files } = await chooseRunners(config);
  const chosenAgainst = against === null ? [] : (await chooseRunners(against.config)).chosen;
  await using ownership = takeOwnership(config.state, signal, files);
  const { owner, runDir } = ownership;
  requireSpace(config.state, NEEDED_BYTES);
  passProxies();
  const plan = await planRun(config, signal, note);
  const tuned = config.tune ? tune(runDir) : null;
  for (const { path, before, during } of tuned ?? []) note(`tuned until the end: ${path}, ${before} to ${during}`);
  const run: RunContext = {
    owner,
    stateDir: config.state,
    runDir,
    accel: config.accel,
    signal,
    startTimeoutMs: config.startTimeout,
    ...(config.vmImage === null ? {} : { vmImage: config.vmImage }),
  };
  await using prepared = new AsyncDisposableStack();
  const lineup = await lineUp(chosen, plan.specs, run, prepared, note);
  for (const { id, workload, reason, hint } of lineup.unavailable) {
    note(`${id} cannot run${workload === undefined ? '' : ` ${workload}`}: ${reason}\n  hint: ${hint}`);
  }
  requireSomething(lineup);
  if (config.accel === 'kvm') requireKvm(lineup);
  if (named) requireEach(lineup);
  const baseline =
    against === null ? null : await baselineOf(against, plan, { chosen: chosenAgainst, run, prepared, note });
  if (config.experiments.includes('disk')) {
    note('counting what is shipped');
    // It takes a while and is kept: no block pays for it. What fails here fails again, and is counted, in its block.
    const first = plan.specs[0].workload;
    const shared = lineup.active.flatMap(({ prepared: byWorkload }) => byWorkload.get(first) ?? []);
    await Promise.allSettled(shared.map((one) => one.distribution()));
    signal.throwIfAborted();
  }
  const harness = await lineUp([{ runner: nullRunner, options: {} }], plan.specs.slice(0, 1), run, prepared, () => {});

  const measured = lineup.active.map(({ support }) => support.as).join(', ');
  const minutes = Math.round(config.budget / 60_000);
  const rest = config.experiments.includes('density') ? ', and the first ramps to their ends' : ' at most';
  note(`run ${owner.runId}: ${config.experiments.join(', ')} of ${measured}; about ${minutes} min${rest}`);
  const bundle = makeBundle(config.out, owner.runId);
  const active = [...lineup.active, ...(baseline?.active ?? [])];
  let manifest: Manifest = {
    ...(await manifestOf(plan, run, { ...lineup, active })),
    ...(baseline === null ? {} : { baseline: baseline.manifest }),
    ...(tuned === null ? {} : { tuned }),
  };
  writeManifest(bundle, manifest);
  const outcome = await journalled(
    bundle,
    async (journal) => {
      progress.expect(plan.experiments, config.budget);
      await execute({
        config,
        experiments: plan.experiments,
        active,
        harness: harness.active[0] ?? null,
        scope: { run, bundle, spread: spreadOf(plan.placement.instance.length, plan.placement.usable) },
        journal,
        observer: progress,
        level: manifest.level,
        onFrozen: ({ id, workload }, frozen) => {
          const planned = manifest.experiments.map((entry) =>
            entry.id === id && entry.workload === workload.id ? { ...entry, frozen } : entry,
          );
          manifest = { ...manifest, experiments: planned };
          writeManifest(bundle, manifest);
        },
      });
    },
    signal,
  );
  return { bundle, outcome };
}

/** What was asked for by name is not left out. */
function requireEach(lineup: Lineup): void {
  const refused = lineup.unavailable.find((runner) => runner.workload === undefined);
  if (!refused) return;
  throw new UnsupportedError(refused.code, `--runners names ${refused.id}, which cannot run here: ${refused.reason}`, {
    hint: refused.hint,
  });
}

/** Emulation must not stand in where KVM itself was asked for. */
function requireKvm(lineup: Lineup): void {
  const refused = lineup.unavailable.find(({ id }) => /kvm|^qemu$/.test(id));
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

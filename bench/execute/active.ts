import type { InstanceSpec, OptionValues, Prepared, Runner, RunContext, Support } from '../model/runner.ts';
import type { ManifestRunner, RunnerModule, UnavailableRunner } from '../model/manifest.ts';
import { codeOf, messageOf, TareError } from '../errors.ts';

/** A runner as it was chosen for a run. */
export interface ChosenRunner {
  readonly runner: Runner;
  /** Every default written out. */
  readonly options: OptionValues;
  /** Where somebody's own comes from; absent for tare's. */
  readonly module?: RunnerModule;
}

/** A runner that can run here and whose shared things are made. */
export interface ActiveRunner extends ChosenRunner {
  readonly support: Extract<Support, { ok: true }>;
  /** By workload id; one that could not be prepared is not in it. The first workload of the run always is. */
  readonly prepared: ReadonlyMap<string, Prepared>;
  /** The `as` of the runner whose baseline it is, with another configuration. */
  readonly baselineOf?: string;
}

/** The same runner under a name of its own. */
export function asBaseline(active: ActiveRunner): ActiveRunner {
  const { support } = active;
  const { as, title } = support;
  return { ...active, support: { ...support, as: `${as}-baseline`, title: `${title}, baseline` }, baselineOf: as };
}

/** What one workload of the run starts. */
export interface WorkloadSpec {
  readonly workload: string;
  readonly spec: InstanceSpec;
  /** Whether emulated runners start it where others run as well. */
  readonly emulatedToo: boolean;
}

export interface Lineup {
  readonly active: readonly ActiveRunner[];
  readonly unavailable: readonly UnavailableRunner[];
}

function unavailable(id: string, error: unknown): UnavailableRunner {
  const hint = error instanceof TareError ? (error.hint ?? '') : '';
  return { id, code: codeOf(error), reason: messageOf(error), hint };
}

/** What a probe says, unless another runner of the run says that it goes by the same name. */
function namedOnce(support: Support, able: readonly Pick<ActiveRunner, 'runner' | 'support'>[]): Support {
  const other = support.ok ? able.find((one) => one.support.as === support.as) : undefined;
  if (!support.ok || !other) return support;
  const reason = `its cells would be called ${support.as}, as those of ${other.runner.id} are`;
  return { ok: false, code: 'DUPLICATE_NAME', reason, hint: 'measure the two in runs of their own' };
}

/**
 * Probes each runner, in order, and prepares it for every workload; one that cannot run does not keep the others from running.
 * A runner that cannot even prepare the first workload is left out; any further one is left out for that workload alone.
 * Two cannot go by one name: their values would be mixed. What was prepared goes onto the stack. An interruption ends it by throwing.
 */
export async function lineUp(
  chosen: readonly ChosenRunner[],
  specs: readonly WorkloadSpec[],
  run: RunContext,
  stack: AsyncDisposableStack,
  onProgress: (message: string) => void,
): Promise<Lineup> {
  const active: ActiveRunner[] = [];
  const missing: UnavailableRunner[] = [];
  const able: Omit<ActiveRunner, 'prepared'>[] = [];
  for (const choice of chosen) {
    run.signal.throwIfAborted();
    const { id } = choice.runner;
    const support = namedOnce(await choice.runner.probe({ ...run, options: choice.options }), able);
    if (support.ok) able.push({ ...choice, support });
    else missing.push({ id, code: support.code, reason: support.reason, hint: support.hint });
  }
  const isEmulated = ({ support }: Omit<ActiveRunner, 'prepared'>) => support.capabilities.accelerator === 'tcg';
  const allEmulated = able.every(isEmulated);
  for (const candidate of able) {
    run.signal.throwIfAborted();
    const { runner, support, options } = candidate;
    onProgress(`preparing ${support.as}`);
    const prepared = new Map<string, Prepared>();
    // What was found to run stands under that name: should KVM vanish from here on, emulation does not take its place.
    const { accelerator } = support.capabilities;
    const fixed = { ...run, options, ...(accelerator === 'none' ? {} : { accel: accelerator }) };
    const wanted = specs.filter(({ emulatedToo }) => emulatedToo || allEmulated || !isEmulated(candidate));
    for (const { workload, spec } of wanted) {
      try {
        prepared.set(workload, stack.use(await runner.prepare(spec, fixed)));
      } catch (error) {
        run.signal.throwIfAborted();
        const isFirst = workload === wanted[0]?.workload;
        missing.push({ ...unavailable(runner.id, error), ...(isFirst ? {} : { workload }) });
        if (isFirst) break;
      }
    }
    if (prepared.size > 0) active.push({ ...candidate, prepared });
  }
  return { active, unavailable: missing };
}

/** The manifest's entry of an active runner. */
export function manifestRunner(active: ActiveRunner): ManifestRunner {
  const { runner, support, prepared, options, module, baselineOf } = active;
  const { as, title, capabilities, versions } = support;
  const digests = Object.fromEntries([...prepared].map(([workload, { digest }]) => [workload, digest]));
  const [digest = ''] = Object.values(digests);
  const own = {
    ...{ id: runner.id, as, title, capabilities, versions, digest, digests },
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(module === undefined ? {} : { module }),
  };
  return baselineOf === undefined ? own : { ...own, baselineOf };
}

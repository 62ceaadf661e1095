import type { Prepared, Runner, RunContext, InstanceSpec, Support } from '../model/runner.ts';
import type { ManifestRunner, UnavailableRunner } from '../model/manifest.ts';
import { codeOf, messageOf, TareError } from '../errors.ts';

/** A runner that can run here and whose shared things are made. */
export interface ActiveRunner {
  readonly runner: Runner;
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

/**
 * Probes each runner, in order, and prepares it for every workload; one that cannot run does not keep the others from running.
 * A runner that cannot even prepare the first workload is left out; any further one is left out for that workload alone.
 * What was prepared goes onto the stack. An interruption ends it by throwing.
 */
export async function lineUp(
  runners: readonly Runner[],
  specs: readonly WorkloadSpec[],
  run: RunContext,
  stack: AsyncDisposableStack,
  onProgress: (message: string) => void,
): Promise<Lineup> {
  const active: ActiveRunner[] = [];
  const missing: UnavailableRunner[] = [];
  const able: Pick<ActiveRunner, 'runner' | 'support'>[] = [];
  for (const runner of runners) {
    run.signal.throwIfAborted();
    const support = await runner.probe(run);
    if (support.ok) able.push({ runner, support });
    else missing.push({ id: runner.id, code: support.code, reason: support.reason, hint: support.hint });
  }
  const isEmulated = ({ support }: Pick<ActiveRunner, 'support'>) => support.capabilities.accelerator === 'tcg';
  const allEmulated = able.every(isEmulated);
  for (const candidate of able) {
    run.signal.throwIfAborted();
    const { runner, support } = candidate;
    onProgress(`preparing ${support.as}`);
    const prepared = new Map<string, Prepared>();
    // What was found to run stands under that name: should KVM vanish from here on, emulation does not take its place.
    const { accelerator } = support.capabilities;
    const fixed = accelerator === 'none' ? run : { ...run, accel: accelerator };
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
    if (prepared.size > 0) active.push({ runner, support, prepared });
  }
  return { active, unavailable: missing };
}

/** The manifest's entry of an active runner. */
export function manifestRunner({ runner, support, prepared, baselineOf }: ActiveRunner): ManifestRunner {
  const { as, title, capabilities, versions } = support;
  const digests = Object.fromEntries([...prepared].map(([workload, { digest }]) => [workload, digest]));
  const [digest = ''] = Object.values(digests);
  const own = { id: runner.id, as, title, capabilities, versions, digest, digests };
  return baselineOf === undefined ? own : { ...own, baselineOf };
}

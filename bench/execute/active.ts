import type { Prepared, Runner, RunContext, InstanceSpec, Support } from '../model/runner.ts';
import type { ManifestRunner, UnavailableRunner } from '../model/manifest.ts';
import { codeOf, messageOf, TareError } from '../errors.ts';

/** A runner that can run here and whose shared things are made. */
export interface ActiveRunner {
  readonly runner: Runner;
  readonly support: Extract<Support, { ok: true }>;
  readonly prepared: Prepared;
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
 * Probes and prepares each runner, in order; one that cannot run does not keep the others from running.
 * What was prepared goes onto the stack. An interruption ends it by throwing.
 */
export async function lineUp(
  runners: readonly Runner[],
  spec: InstanceSpec,
  run: RunContext,
  stack: AsyncDisposableStack,
  onProgress: (message: string) => void,
): Promise<Lineup> {
  const active: ActiveRunner[] = [];
  const missing: UnavailableRunner[] = [];
  for (const runner of runners) {
    run.signal.throwIfAborted();
    const support = await runner.probe(run);
    if (!support.ok) {
      missing.push({ id: runner.id, code: support.code, reason: support.reason, hint: support.hint });
      continue;
    }
    onProgress(`preparing ${support.as}`);
    try {
      active.push({ runner, support, prepared: stack.use(await runner.prepare(spec, run)) });
    } catch (error) {
      run.signal.throwIfAborted();
      missing.push(unavailable(runner.id, error));
    }
  }
  return { active, unavailable: missing };
}

/** The manifest's entry of an active runner. */
export function manifestRunner({ runner, support, prepared }: ActiveRunner): ManifestRunner {
  const { as, title, capabilities, versions } = support;
  return { id: runner.id, as, title, capabilities, versions, digest: prepared.digest };
}

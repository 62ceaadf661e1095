import { TareError } from '../../bench/errors.ts';
import type { Instance, InstanceSpec, Prepared, Runner, RunContext, Support } from '../../bench/model/runner.ts';

/** What the suite needs: a runner, a spec whose entry is Redis, and a run to start it in. */
export interface ContractSubject {
  readonly runner: Runner;
  readonly spec: InstanceSpec;
  readonly run: RunContext;
}

/** Two instances that were started at the same time. */
export interface Pair {
  readonly first: Instance;
  readonly second: Instance;
}

/** What a rule is tried on. */
export interface Trial extends ContractSubject {
  /** Prepared for the subject's spec, once for all rules that may share it. */
  prepared(): Promise<Prepared>;
  /** Shared by all rules that only look at what runs; `first` was asked for the mark `reachable` as well. */
  pair(): Promise<Pair>;
}

/** One rule of the contract; `check` throws ContractError where the runner breaks it. To be tried in their order, one after another. */
export interface ContractRule {
  readonly name: string;
  /** No other preparation of the run may stand meanwhile: it would keep what should go, or be taken away. */
  readonly alone?: true;
  /** Ends the pair. */
  readonly endsPair?: true;
  check(trial: Trial): Promise<void>;
}

/** A runner broke a rule of the contract. */
export class ContractError extends TareError {
  constructor(message: string, cause?: unknown) {
    super('CONTRACT', message, { cause, hint: 'docs/writing-a-runner.md explains each rule' });
  }
}

/** Whoever tries the rules has this in tare's own environment; it must be nowhere inside. */
export const OUTSIDE_VARIABLE = 'TARE_CONTRACT_OUTSIDE';

export const EXEC_TIMEOUT_MS = 60_000;

export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new ContractError(message);
}

export async function supported({ runner, run }: ContractSubject): Promise<Extract<Support, { ok: true }>> {
  const support = await runner.probe(run);
  if (!support.ok) throw new ContractError(`cannot run here: ${support.reason} (hint: ${support.hint})`);
  return support;
}

export async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error ?? new ContractError('threw nothing that can be examined');
  }
  return undefined;
}

/** What a sweep of this run would remove now, as comparable text. */
export async function belongings({ runner, run }: ContractSubject): Promise<ReadonlySet<string>> {
  const context = { stateDir: run.stateDir, signal: run.signal, dryRun: true };
  const found = await runner.sweep({ matches: (tag) => tag === run.owner.tag }, context);
  return new Set(found.map((ref) => `${ref.kind} ${ref.id}`));
}

export async function leavesNothing(subject: ContractSubject, work: () => Promise<void>): Promise<void> {
  const before = await belongings(subject);
  await work();
  const left = [...(await belongings(subject))].filter((name) => !before.has(name));
  demand(left.length === 0, `left behind: ${left.join(', ')}`);
}

import { codeOf, messageOf, ParseError, StartError } from '../errors.ts';
import { hostCpuNs } from '../host/cpu-time.ts';
import type { EventSink } from '../journal/write.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import type { Coordinates, FailureEvent } from '../model/journal.ts';
import { MARK_NAMES, type Mark, type MarkName, sinceLaunch } from '../model/mark.ts';
import type { Instance, RunContext } from '../model/runner.ts';
import type { Workload } from '../model/workload.ts';
import type { ActiveRunner } from './active.ts';
import { writeInstanceLog } from './logs.ts';

const MAX_MESSAGE = 500;

/** What the whole run shares. */
export interface RunScope {
  readonly run: RunContext;
  readonly bundle: string;
  readonly journal: EventSink;
  readonly workload: Workload;
  /** The next instance's number. */
  readonly nextInstance: () => number;
}

/** Where in the plan a runner's turn is. */
export type Turn = Omit<Coordinates, 'instance'>;

function reachedMarks(error: unknown): Partial<Record<MarkName, number>> {
  if (!(error instanceof StartError)) return {};
  const marks = error.marks as readonly Mark[];
  const reached = MARK_NAMES.flatMap((name) => {
    const ns = sinceLaunch(marks, name);
    return ns === undefined ? [] : [[name, ns] as const];
  });
  return Object.fromEntries(reached);
}

/** One runner's turn in one block: carries out what an experiment asks and journals all that comes of it. */
export class Turnkeeper {
  readonly #scope: RunScope;
  readonly #active: ActiveRunner;
  readonly #turn: Turn;
  readonly #experiment: Experiment;
  readonly #recorded = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #journalled = new WeakSet<object>();
  #instance: number | null = null;
  startFailed = false;

  constructor(scope: RunScope, active: ActiveRunner, turn: Turn, experiment: Experiment) {
    this.#scope = scope;
    this.#active = active;
    this.#turn = turn;
    this.#experiment = experiment;
  }

  /** Runs the procedure; only an interruption, or a journal that cannot be written, comes out as an error. */
  async take(): Promise<void> {
    const { signal } = this.#scope.run;
    try {
      await this.#experiment.measure(this.#subject());
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) === 'JOURNAL_WRITE') throw error;
      if (typeof error === 'object' && error !== null && this.#journalled.has(error)) return;
      const missing = this.#experiment.metrics.map((metric) => metric.id).filter((id) => !this.#recorded.has(id));
      const cleaning = codeOf(error) === 'CLEANUP' || error instanceof SuppressedError;
      this.#fail(cleaning ? 'clean' : 'measure', cleaning ? [] : missing, error);
    }
  }

  /** Journals that the turn was not taken at all. */
  skip(code: string, message: string): void {
    const metrics = this.#experiment.metrics.filter((metric) => metric.primary).map((metric) => metric.id);
    this.#append('start', metrics, code, message, {});
  }

  #coordinates(): Coordinates {
    return { ...this.#turn, instance: this.#instance };
  }

  #append(
    stage: FailureEvent['stage'],
    metrics: readonly string[],
    code: string,
    message: string,
    marks: FailureEvent['marks'],
  ): void {
    for (const metric of metrics) this.#failed.add(metric);
    const event = { type: 'failure', ...this.#coordinates(), metrics, stage, code, marks } as const;
    this.#scope.journal.append({ ...event, message: message.slice(0, MAX_MESSAGE) });
  }

  #fail(stage: FailureEvent['stage'], metrics: readonly string[], error: unknown): void {
    const open = metrics.filter((metric) => !this.#failed.has(metric));
    if (metrics.length > 0 && open.length === 0) return;
    this.#append(stage, open, codeOf(error), messageOf(error), reachedMarks(error));
  }

  async #start(metrics: readonly string[]): Promise<Instance> {
    const { run, nextInstance, bundle, journal } = this.#scope;
    run.signal.throwIfAborted();
    const index = nextInstance();
    this.#instance = index;
    const runner = this.#turn.runner;
    try {
      const instance = await this.#active.prepared.start(run, index);
      writeInstanceLog(bundle, index, runner, { launch: instance.launch, files: instance.logs });
      try {
        journal.append({ type: 'limits', ...this.#coordinates(), limits: await instance.describe() });
      } catch (error) {
        await instance[Symbol.asyncDispose]();
        throw error;
      }
      return instance;
    } catch (error) {
      run.signal.throwIfAborted();
      this.startFailed = true;
      if (error instanceof StartError) writeInstanceLog(bundle, index, runner, { launch: [], files: error.logs });
      const expected = metrics.filter((metric) => this.#expects(metric));
      this.#fail('start', expected, error);
      if (typeof error === 'object' && error !== null) this.#journalled.add(error);
      throw error;
    }
  }

  /** A mark that the runner cannot observe is missing by design, not by failure. */
  #expects(metric: string): boolean {
    const mark = MARK_NAMES.find((name) => name === metric);
    return mark === undefined || this.#active.support.capabilities.marks.includes(mark);
  }

  #subject(): Subject {
    const { run, workload, journal } = this.#scope;
    return {
      prepared: this.#active.prepared,
      workload,
      block: this.#turn.block,
      signal: run.signal,
      hostCpuNs,
      start: (metrics) => this.#start(metrics),
      record: (metric, value, operation = 0) => {
        if (!Number.isFinite(value)) throw new ParseError('NOT_A_NUMBER', `${metric} came out as ${value}`);
        this.#recorded.add(metric);
        journal.append({ type: 'sample', ...this.#coordinates(), metric, operation, value });
      },
      fail: (stage, metrics, error) => {
        run.signal.throwIfAborted();
        this.#fail(stage, metrics, error);
      },
    };
  }
}

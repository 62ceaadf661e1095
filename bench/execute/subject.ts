import { codeOf, messageOf, ParseError, StartError, UnsupportedError } from '../errors.ts';
import { hostCpuNs } from '../host/cpu-time.ts';
import type { EventSink } from '../journal/write.ts';
import type { Experiment, Subject, SubjectStart } from '../model/experiment.ts';
import type { Coordinates, FailureEvent } from '../model/journal.ts';
import { MARK_NAMES, type Mark, type MarkName, sinceLaunch } from '../model/mark.ts';
import type { Instance, Prepared, RunContext } from '../model/runner.ts';
import type { ActiveRunner } from './active.ts';
import { writeInstanceLog } from './logs.ts';

const MAX_MESSAGE = 500;

/** What the whole run shares. */
export interface RunScope {
  readonly run: RunContext;
  readonly bundle: string;
  readonly journal: EventSink;
  /** CPU sets over which instances that are not timed may be spread. */
  readonly spread: readonly (readonly number[])[];
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
  #readBack = false;
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

  #coordinates(instance = this.#instance): Coordinates {
    return { ...this.#turn, instance };
  }

  #append(
    stage: FailureEvent['stage'],
    metrics: readonly string[],
    code: string,
    message: string,
    marks: FailureEvent['marks'],
    instance = this.#instance,
  ): void {
    for (const metric of metrics) this.#failed.add(metric);
    const event = { type: 'failure', ...this.#coordinates(instance), metrics, stage, code, marks } as const;
    this.#scope.journal.append({ ...event, message: message.slice(0, MAX_MESSAGE) });
  }

  #fail(stage: FailureEvent['stage'], metrics: readonly string[], error: unknown, instance = this.#instance): void {
    const open = metrics.filter((metric) => !this.#failed.has(metric));
    if (metrics.length > 0 && open.length === 0) return;
    this.#append(stage, open, codeOf(error), messageOf(error), reachedMarks(error), instance);
  }

  /** @throws UnsupportedError `NOT_PREPARED`: the line-up said why. */
  #prepared(): Prepared {
    const prepared = this.#active.prepared.get(this.#turn.workload);
    if (prepared) return prepared;
    const { workload, runner } = this.#turn;
    throw new UnsupportedError('NOT_PREPARED', `${runner} could not be prepared for ${workload}`);
  }

  /** Keeps what a started instance was launched with, and what it really got. */
  async #register(instance: Instance, index: number, options: SubjectStart): Promise<void> {
    const { brief = false, cpus } = options;
    if (brief && this.#readBack) return;
    this.#readBack = true;
    const { launch, logs } = instance;
    writeInstanceLog(this.#scope.bundle, index, this.#turn.runner, { launch, files: logs });
    const limits = await instance.describe();
    const asked = cpus === undefined ? {} : { cpus };
    this.#scope.journal.append({ type: 'limits', ...this.#coordinates(index), limits, ...asked });
  }

  async #start(metrics: readonly string[], options: SubjectStart = {}): Promise<Instance> {
    const { run, nextInstance, bundle } = this.#scope;
    run.signal.throwIfAborted();
    const prepared = this.#prepared();
    const index = nextInstance();
    this.#instance = index;
    const runner = this.#turn.runner;
    try {
      const { brief: _, ...start } = options;
      const instance = await prepared.start(run, index, start);
      try {
        await this.#register(instance, index, options);
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
      this.#fail('start', expected, error, index);
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
    const { run, journal, spread } = this.#scope;
    const { experiment, workload, runner, block, phase } = this.#turn;
    return {
      prepared: this.#prepared(),
      workload: this.#experiment.workload,
      capabilities: this.#active.support.capabilities,
      spread,
      block,
      signal: run.signal,
      hostCpuNs,
      start: (metrics, options) => this.#start(metrics, options),
      guard: (guard, tripped, value, message) => {
        const text = message.slice(0, MAX_MESSAGE);
        journal.append({
          ...{ type: 'guard', experiment, workload, runner, block, phase },
          ...{ guard, tripped, value, message: text },
        } as const);
      },
      ramp: (step) => journal.append({ type: 'ramp', ...this.#coordinates(), ...step }),
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

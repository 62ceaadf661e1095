import type { Config } from './config/schema.ts';
import { Turnkeeper, type RunScope, type Turn } from './execute/subject.ts';
import type { ActiveRunner } from './execute/active.ts';
import { freeze } from './execute/freeze.ts';
import { GuardSampler } from './host/guards.ts';
import type { EventSink, Journal } from './journal/write.ts';
import type { Experiment } from './model/experiment.ts';
import type { JournalEvent } from './model/journal.ts';
import type { FrozenBlocks } from './model/manifest.ts';
import { blockOrders, derivedSeed } from './plan.ts';
import { nowNs } from './proc/clock.ts';

/** A runner that cannot start is not tried for ever: after so many failed starts in a row its turns count as failed. */
const GIVE_UP_AFTER = 5;

/** What the run tells whoever shows progress. Never called while a timed section runs. */
export interface Observer {
  planned(experiment: string, phase: 'pilot' | 'measured', blocks: number): void;
  turn(experiment: string, runner: string, block: number): void;
  block(experiment: string, phase: 'pilot' | 'measured', done: number, blocks: number, secondsPerBlock: number): void;
}

export interface Execution {
  readonly config: Config;
  readonly experiments: readonly Experiment[];
  readonly active: readonly ActiveRunner[];
  /** The null runner: once a block, outside the square, so that the harness's own cost stands beside the rest. */
  readonly harness: ActiveRunner | null;
  readonly scope: Omit<RunScope, 'journal' | 'nextInstance'>;
  readonly journal: Journal;
  readonly observer: Observer;
  /** Of every interval of a primary comparison, as the manifest has it. */
  readonly level: number;
  /** Called when an experiment's number of blocks is fixed, before the first measured block. */
  readonly onFrozen: (experiment: string, frozen: FrozenBlocks) => void;
}

interface PhasePlan {
  readonly phase: 'pilot' | 'measured';
  readonly firstBlock: number;
  readonly orders: readonly (readonly string[])[];
}

/** Carries out the plan; the only caller of a runner's `start`. Throws only on interruption or an unwritable journal. */
class Executor {
  readonly #e: Execution;
  readonly #events: JournalEvent[] = [];
  readonly #scope: RunScope;
  readonly #failedStarts = new Map<string, number>();
  #instances = 0;

  constructor(execution: Execution) {
    this.#e = execution;
    const journal: EventSink = {
      append: (event) => {
        this.#events.push(event);
        execution.journal.append(event);
      },
    };
    this.#scope = { ...execution.scope, journal, nextInstance: () => this.#instances++ };
  }

  async run(): Promise<void> {
    const startedNs = nowNs();
    for (const [index, experiment] of this.#e.experiments.entries()) {
      const spentMs = Number(nowNs() - startedNs) / 1e6;
      const share = 1 / (this.#e.experiments.length - index);
      await this.#experiment(experiment, Math.max(0, this.#e.config.budget - spentMs) * share);
    }
  }

  async #experiment(experiment: Experiment, budgetMs: number): Promise<void> {
    const { config, active, observer, level, onFrozen } = this.#e;
    const runners = active.map((runner) => runner.support.as);
    const pilotBlocks = experiment.pilotBlocks;
    const orders = (phase: string, blocks: number) =>
      blockOrders(runners, blocks, derivedSeed(config.seed, experiment.id, phase));
    const startedNs = nowNs();
    if (pilotBlocks > 0) {
      observer.planned(experiment.id, 'pilot', pilotBlocks);
      await this.#phase(experiment, { phase: 'pilot', firstBlock: 0, orders: orders('pilot', pilotBlocks) });
    }
    const pilotMs = Number(nowNs() - startedNs) / 1e6;
    const frozen = freeze({ experiment, active, config, level, events: this.#events, pilotMs, budgetMs });
    this.#scope.journal.append({ type: 'frozen', experiment: experiment.id, ...frozen });
    onFrozen(experiment.id, frozen);
    observer.planned(experiment.id, 'measured', frozen.blocks);
    const measured = orders('measured', frozen.blocks);
    await this.#phase(experiment, { phase: 'measured', firstBlock: pilotBlocks, orders: measured });
  }

  async #phase(experiment: Experiment, plan: PhasePlan): Promise<void> {
    let seconds = 0;
    for (const [index, order] of plan.orders.entries()) {
      seconds += await this.#block(experiment, plan.phase, plan.firstBlock + index, order);
      this.#e.observer.block(experiment.id, plan.phase, index + 1, plan.orders.length, seconds / (index + 1));
    }
  }

  async #block(
    experiment: Experiment,
    phase: 'pilot' | 'measured',
    block: number,
    order: readonly string[],
  ): Promise<number> {
    const { signal } = this.#scope.run;
    const startedAt = new Date().toISOString();
    const startedNs = nowNs();
    const guards = new GuardSampler();
    guards.begin();
    const { harness, active } = this.#e;
    if (harness && experiment.id === 'startup') await this.#turn(harness, experiment, phase, block, -1);
    for (const [position, as] of order.entries()) {
      signal.throwIfAborted();
      const runner = active.find((candidate) => candidate.support.as === as);
      if (runner) await this.#turn(runner, experiment, phase, block, position);
    }
    for (const reading of guards.end()) {
      this.#scope.journal.append({ type: 'guard', experiment: experiment.id, block, phase, ...reading });
    }
    const seconds = Number(nowNs() - startedNs) / 1e9;
    this.#scope.journal.append({ type: 'block', experiment: experiment.id, block, phase, order, startedAt, seconds });
    this.#e.journal.sync();
    return seconds;
  }

  async #turn(
    active: ActiveRunner,
    experiment: Experiment,
    phase: 'pilot' | 'measured',
    block: number,
    position: number,
  ): Promise<void> {
    const runner = active.support.as;
    const workload = this.#scope.workload.id;
    const turn: Turn = { session: 1, experiment: experiment.id, workload, runner, block, position, phase };
    const keeper = new Turnkeeper(this.#scope, active, turn, experiment);
    this.#e.observer.turn(experiment.id, runner, block);
    const failedBefore = this.#failedStarts.get(runner) ?? 0;
    if (failedBefore >= GIVE_UP_AFTER) {
      return keeper.skip('GIVEN_UP', `not tried again after ${GIVE_UP_AFTER} failed starts in a row`);
    }
    await keeper.take();
    this.#failedStarts.set(runner, keeper.startFailed ? failedBefore + 1 : 0);
  }
}

/** Runs every experiment to its frozen number of blocks. */
export async function execute(execution: Execution): Promise<void> {
  await new Executor(execution).run();
}

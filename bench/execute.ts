import type { Config } from './config/schema.ts';
import { Turnkeeper, type RunScope, type Turn } from './execute/subject.ts';
import type { ActiveRunner } from './execute/active.ts';
import { cutToBudget, freeze } from './execute/freeze.ts';
import { GuardSampler } from './host/guards.ts';
import type { EventSink, Journal } from './journal/write.ts';
import type { Experiment } from './model/experiment.ts';
import type { JournalEvent } from './model/journal.ts';
import type { FrozenBlocks } from './model/manifest.ts';
import { blockOrders, derivedSeed, takesEveryTurn } from './plan.ts';
import { nowNs } from './proc/clock.ts';

/** A runner that cannot start is not tried for ever: after so many failed starts in a row its turns count as failed. */
const GIVE_UP_AFTER = 5;

type Phase = 'pilot' | 'measured';

/** What the run tells whoever shows progress. Never called while a timed section runs. */
export interface Observer {
  planned(experiment: Experiment, phase: Phase, blocks: number): void;
  turn(experiment: Experiment, runner: string, block: number): void;
  block(experiment: Experiment, phase: Phase, done: number, blocks: number, secondsLeft: number): void;
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
  /** Called when an experiment's number of blocks is fixed, before the first measured block, and when the clock cuts it. */
  readonly onFrozen: (experiment: Experiment, frozen: FrozenBlocks) => void;
}

/** What the turns of one block took: of the runners that take theirs in every block, and of the others. */
interface BlockCost {
  readonly squareMs: number;
  readonly seldomMs: number;
}

interface PhasePlan {
  readonly phase: Phase;
  readonly firstBlock: number;
  readonly orders: readonly (readonly string[])[];
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What as many further blocks take, by those that are done. @param seldom how many of them have turns of the others, too. */
function msLeft(done: readonly BlockCost[], blocks: number, seldom: number): number {
  const others = done.flatMap(({ seldomMs }) => (seldomMs > 0 ? [seldomMs] : []));
  return blocks * mean(done.map(({ squareMs }) => squareMs)) + seldom * mean(others);
}

function msSince(startedNs: bigint): number {
  return Number(nowNs() - startedNs) / 1e6;
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

  /** Each experiment gets its share of what the ones before it have left. */
  async run(): Promise<void> {
    const { experiments, config } = this.#e;
    const startedNs = nowNs();
    for (const [index, experiment] of experiments.entries()) {
      const open = experiments.slice(index).reduce((sum, { share }) => sum + share, 0);
      await this.#experiment(experiment, Math.max(0, config.budget - msSince(startedNs)) * (experiment.share / open));
    }
  }

  /** Runners in every block, and those that come after them in the first blocks only. */
  #lineup(experiment: Experiment): { readonly square: readonly string[]; readonly seldom: readonly string[] } {
    const always = (runner: ActiveRunner) => takesEveryTurn(experiment, runner.support.capabilities.accelerator);
    const ids = (runners: readonly ActiveRunner[]) => runners.map(({ support }) => support.as);
    const square = this.#e.active.filter(always);
    // Emulated runners alone: then nothing is compared, and they make the square.
    if (square.length === 0) return { square: ids(this.#e.active), seldom: [] };
    if (!experiment.emulatedToo) return { square: ids(square), seldom: [] };
    return { square: ids(square), seldom: ids(this.#e.active.filter((runner) => !always(runner))) };
  }

  #orders(experiment: Experiment, phase: Phase, blocks: number): readonly (readonly string[])[] {
    const { square, seldom } = this.#lineup(experiment);
    const { seed, emulatedBlocks } = this.#e.config;
    const orders = blockOrders(square, blocks, derivedSeed(seed, experiment.id, experiment.workload.id, phase));
    if (phase === 'pilot') return orders;
    return orders.map((order, block) => (block < emulatedBlocks ? [...order, ...seldom] : order));
  }

  async #experiment(experiment: Experiment, budgetMs: number): Promise<void> {
    const { config, active, observer, level } = this.#e;
    const { pilotBlocks } = experiment;
    const startedNs = nowNs();
    if (pilotBlocks > 0) {
      observer.planned(experiment, 'pilot', pilotBlocks);
      const orders = this.#orders(experiment, 'pilot', pilotBlocks);
      await this.#phase(experiment, { phase: 'pilot', firstBlock: 0, orders });
    }
    const { square } = this.#lineup(experiment);
    const compared = active.filter(({ support }) => square.includes(support.as));
    const pilotMs = msSince(startedNs);
    const frozen = freeze({ experiment, active: compared, config, level, events: this.#events, pilotMs, budgetMs });
    this.#freeze(experiment, frozen);
    observer.planned(experiment, 'measured', frozen.blocks);
    const orders = this.#orders(experiment, 'measured', frozen.blocks);
    await this.#phase(experiment, { phase: 'measured', firstBlock: pilotBlocks, orders }, (first) => {
      if (pilotBlocks > 0) return frozen.blocks;
      // Turns that are only shown are not paid for by the blocks that are compared.
      const blocks = cutToBudget(frozen.blocks, first.squareMs, budgetMs - first.squareMs);
      if (blocks < frozen.blocks) this.#freeze(experiment, { blocks, reason: 'budget', needed: frozen.blocks });
      return blocks;
    });
  }

  #freeze(experiment: Experiment, frozen: FrozenBlocks): void {
    const { id, workload } = experiment;
    this.#scope.journal.append({ type: 'frozen', experiment: id, workload: workload.id, ...frozen });
    this.#e.onFrozen(experiment, frozen);
  }

  /** @param recount told what the first block's turns took; gives the number of blocks that it leaves. */
  async #phase(
    experiment: Experiment,
    { phase, firstBlock, orders }: PhasePlan,
    recount: (first: BlockCost) => number = () => orders.length,
  ): Promise<void> {
    const { square } = this.#lineup(experiment);
    const costs: BlockCost[] = [];
    let blocks = orders.length;
    for (const [index, order] of orders.entries()) {
      if (index >= blocks) break;
      const cost = await this.#block(experiment, phase, firstBlock + index, order);
      costs.push(cost);
      if (index === 0) blocks = recount(cost);
      const further = orders.slice(index + 1, blocks);
      const seldom = further.filter(({ length }) => length > square.length).length;
      this.#e.observer.block(experiment, phase, index + 1, blocks, msLeft(costs, further.length, seldom) / 1000);
    }
  }

  async #block(experiment: Experiment, phase: Phase, block: number, order: readonly string[]): Promise<BlockCost> {
    const { signal } = this.#scope.run;
    const { seldom } = this.#lineup(experiment);
    const { id, workload } = experiment;
    const startedAt = new Date().toISOString();
    const startedNs = nowNs();
    const guards = new GuardSampler();
    guards.begin();
    let seldomMs = 0;
    const { harness, active } = this.#e;
    if (harness && id === 'startup') await this.#turn(harness, experiment, phase, block, -1);
    for (const [position, as] of order.entries()) {
      signal.throwIfAborted();
      const runner = active.find((candidate) => candidate.support.as === as);
      const turnNs = nowNs();
      if (runner) await this.#turn(runner, experiment, phase, block, position);
      if (seldom.includes(as)) seldomMs += msSince(turnNs);
    }
    const where = { experiment: id, workload: workload.id, block, phase };
    for (const reading of guards.end()) this.#scope.journal.append({ type: 'guard', ...where, ...reading });
    const allMs = msSince(startedNs);
    const seconds = allMs / 1000;
    this.#scope.journal.append({ type: 'block', ...where, order, startedAt, seconds });
    this.#e.journal.sync();
    return { squareMs: allMs - seldomMs, seldomMs };
  }

  async #turn(
    active: ActiveRunner,
    experiment: Experiment,
    phase: Phase,
    block: number,
    position: number,
  ): Promise<void> {
    const runner = active.support.as;
    const workload = experiment.workload.id;
    const turn: Turn = { session: 1, experiment: experiment.id, workload, runner, block, position, phase };
    const keeper = new Turnkeeper(this.#scope, active, turn, experiment);
    this.#e.observer.turn(experiment, runner, block);
    const key = `${runner}/${workload}`;
    const failedBefore = this.#failedStarts.get(key) ?? 0;
    if (failedBefore >= GIVE_UP_AFTER) {
      return keeper.skip('GIVEN_UP', `not tried again after ${GIVE_UP_AFTER} failed starts in a row`);
    }
    await keeper.take();
    this.#failedStarts.set(key, keeper.startFailed ? failedBefore + 1 : 0);
  }
}

/** Runs every experiment to its frozen number of blocks. */
export async function execute(execution: Execution): Promise<void> {
  await new Executor(execution).run();
}

import { createLogUpdate } from 'log-update';
import type { Observer } from '../execute.ts';
import type { Experiment } from '../model/experiment.ts';
import { Eta } from './eta.ts';
import { printable, printError } from './output.ts';

/** Where the run stands: one live line on a terminal, a line a block elsewhere. Writes only between timed sections. */
export class Progress implements Observer, Disposable {
  readonly #live: boolean;
  readonly #line: ReturnType<typeof createLogUpdate>;
  readonly #eta = new Eta();
  #status = '';
  #phase = '';

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#line = createLogUpdate(stream);
    this.#live = stream.isTTY && process.env['TERM'] !== 'dumb';
  }

  /** A line that stays. */
  note(message: string): void {
    if (this.#live) this.#line.clear();
    printError(printable(message));
  }

  /** What is about to be measured, in order, within the budget; from then on the time left in all is shown too. */
  expect(experiments: readonly Experiment[], budgetMs: number): void {
    this.#eta.expect(experiments, budgetMs);
  }

  planned({ id, workload }: Experiment, phase: 'pilot' | 'measured', blocks: number): void {
    this.#phase = `${id} ${workload.id}${phase === 'pilot' ? ' (pilot)' : ''}`;
    this.#status = '';
    this.note(`${this.#phase}: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}`);
  }

  turn(_experiment: Experiment, runner: string, block: number): void {
    if (this.#live) this.#line(`${this.#phase}: block ${block + 1}, ${runner}${this.#status}`);
  }

  block(experiment: Experiment, phase: 'pilot' | 'measured', done: number, blocks: number, secondsLeft: number): void {
    this.#status = this.#eta.left(experiment, phase, secondsLeft);
    if (!this.#live) this.note(`${this.#phase}: block ${done} of ${blocks} done${this.#status}`);
  }

  [Symbol.dispose](): void {
    if (this.#live) this.#line.clear();
  }
}

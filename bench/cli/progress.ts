import { createLogUpdate } from 'log-update';
import type { Observer } from '../execute.ts';
import { printable, printError } from './output.ts';

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 90 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Where the run stands: one live line on a terminal, a line a block elsewhere. Writes only between timed sections. */
export class Progress implements Observer, Disposable {
  readonly #live: boolean;
  readonly #line: ReturnType<typeof createLogUpdate>;
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

  planned(experiment: string, phase: 'pilot' | 'measured', blocks: number): void {
    this.#phase = `${experiment}${phase === 'pilot' ? ' (pilot)' : ''}`;
    this.#status = '';
    this.note(`${this.#phase}: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}`);
  }

  turn(_experiment: string, runner: string, block: number): void {
    if (this.#live) this.#line(`${this.#phase}: block ${block + 1}, ${runner}${this.#status}`);
  }

  block(
    _experiment: string,
    _phase: 'pilot' | 'measured',
    done: number,
    blocks: number,
    secondsPerBlock: number,
  ): void {
    const left = (blocks - done) * secondsPerBlock;
    this.#status = left > 0 ? `, about ${minutes(left)} left of this phase` : '';
    if (!this.#live) this.note(`${this.#phase}: block ${done} of ${blocks} done${this.#status}`);
  }

  [Symbol.dispose](): void {
    if (this.#live) this.#line.clear();
  }
}

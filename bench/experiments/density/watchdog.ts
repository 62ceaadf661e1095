import type { MemoryState } from '../../host/memory.ts';

/** What is ended when memory runs out. */
interface Sheddable {
  /** @returns how many there were to end. */
  killNewest(count: number): Promise<number>;
}

/**
 * Looks at the memory many times a second for as long as a ramp lasts. Under the floor nothing more may start; under half of it
 * the newest instances are ended, one, two, four and so on, until the floor is free again: whichever of them grows, a few
 * rounds reach it before the kernel has to choose a victim.
 */
export class Watchdog implements Disposable {
  readonly #memory: () => MemoryState;
  readonly #floorBytes: number;
  readonly #fleet: Sheddable;
  readonly #timer: NodeJS.Timeout;
  #lowest = Number.POSITIVE_INFINITY;
  #shedding: Promise<void> | undefined;

  constructor(memory: () => MemoryState, floorBytes: number, fleet: Sheddable, everyMs: number) {
    this.#memory = memory;
    this.#floorBytes = floorBytes;
    this.#fleet = fleet;
    this.#timer = setInterval(() => this.look(), everyMs);
  }

  /** Looks once; the timer does it too. */
  look(): void {
    const { availableBytes } = this.#memory();
    this.#lowest = Math.min(this.#lowest, availableBytes);
    if (availableBytes < this.#floorBytes / 2) this.#shedding ??= this.#shed();
  }

  /** The least that was available since the ramp began. */
  get lowestBytes(): number {
    return this.#lowest;
  }

  /** Whether memory has been under the floor at any time: it is not to be tried again. */
  get crossed(): boolean {
    return this.#lowest < this.#floorBytes;
  }

  /** Until nothing is being ended. */
  async quiet(): Promise<void> {
    await this.#shedding;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #shed(): Promise<void> {
    for (let batch = 1; this.#memory().availableBytes < this.#floorBytes; batch *= 2) {
      if ((await this.#fleet.killNewest(batch)) === 0) break;
    }
    // Memory may run out again: the ramp is over, but its instances still stand.
    this.#shedding = undefined;
  }
}

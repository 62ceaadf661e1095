import type { Instance, TimedResult } from '../../model/runner.ts';

const PINGS = 20;
const PING_TIMEOUT_MS = 10_000;
/** Of the host's time. */
const ALLOWED_SHARE = 0.02;

/** The difference of one program: between its two durations, and what of it the channel explains or the method allows. */
interface Difference {
  readonly ns: number;
  readonly hostNs: number;
  readonly allowedNs: number;
}

export interface ClockVerdict {
  readonly tripped: boolean;
  /** The largest difference in parts of the host's time; null where no program was announced. */
  readonly value: number | null;
  readonly message: string;
}

function milliseconds(ns: number): string {
  return `${(ns / 1e6).toFixed(2)} ms`;
}

/** Compares how long announced programs took by the clock inside and by the host's; never their readings. */
export class ClockCheck {
  #jitterNs = 0;
  #programs = 0;
  #worst: Difference | null = null;

  /** Measures how much the channel's round trip varies in this instance, before anything is timed. */
  async learnJitter(instance: Pick<Instance, 'ping'>): Promise<void> {
    const trips: number[] = [];
    for (let count = 0; count < PINGS; count += 1) trips.push(await instance.ping(PING_TIMEOUT_MS));
    this.#jitterNs = Math.max(...trips) - Math.min(...trips);
  }

  compare({ startedNs, endedNs, insideNs }: Pick<TimedResult, 'startedNs' | 'endedNs' | 'insideNs'>): void {
    const hostNs = Number(endedNs - startedNs);
    const allowedNs = Math.max(ALLOWED_SHARE * hostNs, this.#jitterNs);
    const difference = { ns: Math.abs(insideNs - hostNs), hostNs, allowedNs };
    const excess = ({ ns, allowedNs: most }: Difference) => ns - most;
    this.#programs += 1;
    if (this.#worst === null || excess(difference) > excess(this.#worst)) this.#worst = difference;
  }

  verdict(): ClockVerdict {
    if (this.#worst === null) {
      return { tripped: false, value: null, message: 'no program announced its start and end: clocks not compared' };
    }
    const { ns, hostNs, allowedNs } = this.#worst;
    const message =
      `the clock inside and the host's differ by ${milliseconds(ns)} over ${milliseconds(hostNs)}, ` +
      `allowed ${milliseconds(allowedNs)}; worst of ${this.#programs} (jitter ${milliseconds(this.#jitterNs)})`;
    return { tripped: !(ns <= allowedNs), value: hostNs > 0 ? ns / hostNs : null, message };
  }
}

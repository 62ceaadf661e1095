import { codeOf, messageOf, WorkloadError } from '../../errors.ts';
import type { Subject } from '../../model/experiment.ts';
import { sinceLaunch } from '../../model/mark.ts';
import type { Instance } from '../../model/runner.ts';
import { inParallel } from '../../proc/parallel.ts';
import { disposeAll } from '../dispose.ts';

/** More at a time would make each of them slower, and meet the rules late. */
const STARTS = 2;
/** Filling is work inside, bounded by the host's CPUs. */
const FILLS = 4;
/** Asking costs next to nothing. */
const PINGS = 32;
/** Ending is mostly waiting for the kernel. */
const KILLS = 16;

const PING_TIMEOUT_MS = 10_000;
const FILL_TIMEOUT_MS = 120_000;
const KILL_TIMEOUT_MS = 10_000;

interface Member {
  readonly instance: Instance;
  readonly startNs: number | null;
  filled: boolean;
  /** Ended on purpose, to protect the host. */
  killed: boolean;
  /** Did not answer once; it is not asked again. */
  dead: boolean;
}

export interface GrowOptions {
  /** How many starts are to have been tried in all. */
  readonly target: number;
  /** Asked before each start. */
  readonly mayStart: () => boolean;
  /** Metrics that a failed start costs. */
  readonly metrics: readonly string[];
}

/** Yields for as long as the condition holds. */
function* countWhile(condition: () => boolean): Generator<void> {
  while (condition()) yield;
}

/** Every instance of one ramp. Disposing takes all of them away, several at a time, whatever state they are in. */
export class Fleet implements AsyncDisposable {
  readonly #subject: Subject;
  readonly #members: Member[] = [];
  #launched = 0;
  #failed = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** Starts tried, and those that became ready. */
  get launched(): number {
    return this.#launched;
  }

  get ready(): number {
    return this.#members.length;
  }

  get failedStarts(): number {
    return this.#failed;
  }

  get killed(): number {
    return this.#members.filter((member) => member.killed).length;
  }

  get dead(): number {
    return this.#members.filter((member) => member.dead).length;
  }

  get alive(): number {
    return this.#members.filter((member) => !member.dead && !member.killed).length;
  }

  /**
   * Starts instances until the target is met, one fails, or no more may start.
   * @returns nanoseconds to ready of those that became so. @throws only on interruption.
   */
  async grow({ target, mayStart, metrics }: GrowOptions): Promise<readonly number[]> {
    const first = this.#members.length;
    const failedBefore = this.#failed;
    const mayGoOn = () => this.#launched < target && this.#failed === failedBefore && mayStart();
    await inParallel(countWhile(mayGoOn), STARTS, async () => {
      const { spread } = this.#subject;
      const cpus = spread[this.#launched++ % spread.length];
      try {
        const instance = await this.#subject.start(metrics, { brief: true, ...(cpus && { cpus }) });
        const startNs = sinceLaunch(instance.marks, 'ready') ?? null;
        this.#members.push({ instance, startNs, filled: false, killed: false, dead: false });
      } catch (error) {
        this.#subject.signal.throwIfAborted();
        this.#failed += 1;
        if (codeOf(error) === 'JOURNAL_WRITE') throw error;
      }
    });
    return this.#members.slice(first).flatMap(({ startNs }) => startNs ?? []);
  }

  /** Gives those that have none yet the workload's data set. One that cannot be filled counts as dead, and as a failure. */
  async fill(mayGoOn: () => boolean): Promise<void> {
    const { workload, signal } = this.#subject;
    await inParallel(this.#standing(), FILLS, async (member) => {
      if (member.filled || !mayGoOn()) return;
      signal.throwIfAborted();
      await this.#asking(member, async ({ instance }) => {
        for (const argv of workload.fill(instance.placement)) {
          const { exitCode } = await instance.exec(argv, { timeoutMs: FILL_TIMEOUT_MS, signal });
          if (exitCode !== 0) throw new WorkloadError('INSIDE_FAILED', `${argv[0]} inside ended with ${exitCode}`);
        }
        member.filled = true;
      });
    });
  }

  /** Asks every instance that stands; one that does not answer counts as dead, and as a failure. */
  async ping(): Promise<void> {
    await inParallel(this.#standing(), PINGS, async (member) => {
      this.#subject.signal.throwIfAborted();
      if (member.killed) return;
      await this.#asking(member, async ({ instance }) => void (await instance.ping(PING_TIMEOUT_MS)));
    });
  }

  /** Ends the newest that stand, at once; they are not counted as dead. @returns how many there were to end. */
  async killNewest(count: number): Promise<number> {
    const chosen = this.#standing().slice(-count);
    for (const member of chosen) member.killed = true;
    await inParallel(chosen, KILLS, async ({ instance }) => {
      // What cannot be ended now is taken away with the rest, and fails there.
      await instance.end('kill', KILL_TIMEOUT_MS).catch(() => {});
    });
    return chosen.length;
  }

  /** @throws CleanupError `CLEANUP` with everything that could not be taken away. */
  async [Symbol.asyncDispose](): Promise<void> {
    const owned = this.#members.map((member) => {
      const stack = new AsyncDisposableStack();
      // It may still be asked for while others are taken away: what is gone needs no ending.
      stack.defer(() => void (member.killed = true));
      stack.use(member.instance);
      return stack;
    });
    await disposeAll(owned);
  }

  #standing(): readonly Member[] {
    return this.#members.filter((member) => !member.dead && !member.killed);
  }

  /** What an instance does not do while it is ended on purpose is no failure of its own. */
  async #asking(member: Member, ask: (member: Member) => Promise<void>): Promise<void> {
    try {
      await ask(member);
    } catch (error) {
      this.#subject.signal.throwIfAborted();
      if (member.killed) return;
      member.dead = true;
      this.#subject.fail(
        'measure',
        [],
        new WorkloadError(codeOf(error), `${member.instance.ref.id}: ${messageOf(error)}`),
      );
    }
  }
}

import { codeOf, messageOf, StartError, TareError, WorkloadError } from '../../bench/errors.ts';
import type { Mark, MarkName } from '../../bench/model/mark.ts';
import type { LaunchCommand, RunContext } from '../../bench/model/runner.ts';
import type { ReadyCheck } from '../../bench/model/workload.ts';
import { delay, nowNs } from '../../bench/proc/clock.ts';
import { type CommandOptions, type CommandResult, exec } from '../../bench/proc/exec.ts';
import { launch, type Step } from '../../bench/proc/launcher.ts';
import type { Announcement, MarkChannel } from './mark-channel.ts';
import { firstAnswer, REACH_MS } from './reach.ts';

/** An instance that ends without a word is noticed this often; far apart, so that looking costs nothing. */
const LOOK_EVERY_MS = 500;
/** The last words of an instance that has ended may still be in the pipe. */
const LAST_WORDS_MS = 100;

/** The timed part of one start: its marks from t0 on, its commands, and the error that keeps both. */
export class Launching {
  readonly marks: Mark[] = [];
  readonly commands: LaunchCommand[] = [];
  readonly #run: RunContext;
  #deadlineNs: bigint;

  constructor(run: RunContext) {
    run.signal.throwIfAborted();
    this.#run = run;
    this.#deadlineNs = this.#deadlineFrom(nowNs());
  }

  /** Stamps `launched`: the instruments (the mark channel) are there, and what comes next is the instance's own. Once. */
  begin(): void {
    const atNs = nowNs();
    this.marks.push({ name: 'launched', atNs });
    this.#deadlineNs = this.#deadlineFrom(atNs);
  }

  #deadlineFrom(atNs: bigint): bigint {
    return atNs + BigInt(this.#run.startTimeoutMs) * 1_000_000n;
  }

  /** Milliseconds until the start has failed; at least 1. */
  get remainingMs(): number {
    return Math.max(1, Number((this.#deadlineNs - nowNs()) / 1_000_000n));
  }

  mark(name: MarkName, atNs: bigint): void {
    this.marks.push({ name, atNs });
  }

  /** Runs one command of the launch and keeps it, with its times; the start's deadline and signal are its own. */
  async command(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const limits = { timeoutMs: this.remainingMs, signal: this.#run.signal };
    const result = await exec(argv, { ...limits, ...options });
    this.commands.push({ argv, startedNs: result.startedNs, endedNs: result.endedNs });
    return result;
  }

  /** Runs the launch's commands through the launcher and keeps them; the start's deadline and signal are its own. */
  async steps(launcher: string, steps: readonly Step[]): Promise<void> {
    const limits = { timeoutMs: this.remainingMs, signal: this.#run.signal };
    this.commands.push(...(await launch(launcher, steps, limits)));
  }

  /**
   * Waits for these words on the mark channel and stamps them.
   * @param isAlive looked at twice a second; undefined while that cannot be told.
   * @param names in their order.
   * @throws WorkloadError `WORKLOAD_EXITED`, `INSTANCE_DIED`, `MARK_TIMEOUT`, `MARK_PROTOCOL`; InterruptedError.
   */
  async untilReady(
    channel: MarkChannel,
    isAlive: () => boolean | undefined,
    names: readonly Announcement[] = ['exec', 'ready'],
  ): Promise<void> {
    const died = new AbortController();
    const look = setInterval(() => {
      if (isAlive() === false) died.abort();
    }, LOOK_EVERY_MS);
    const signal = AbortSignal.any([this.#run.signal, died.signal]);
    try {
      for (const name of names) {
        const atNs = await channel.waitFor(name, this.remainingMs, signal);
        // What arrived while the launch command still ran is late all the same.
        if (atNs > this.#deadlineNs) throw this.#late(name);
        this.mark(name, atNs);
      }
    } catch (error) {
      if (!died.signal.aborted || this.#run.signal.aborted) throw error;
      await delay(LAST_WORDS_MS);
      const said = channel.exitStatus;
      if (said !== undefined)
        throw new WorkloadError('WORKLOAD_EXITED', `the workload ended with ${said} before "ready"`);
      throw new WorkloadError('INSTANCE_DIED', 'the instance ended without a word before "ready"', {
        hint: 'it may have been killed for want of memory: see the kernel log',
      });
    } finally {
      clearInterval(look);
    }
  }

  /** Waits for the first answer over the network and stamps it; where none comes in time, or nothing can be asked, there is no mark. */
  async untilReachable(address: string | null, check: ReadyCheck): Promise<void> {
    if (address === null) return;
    const timeoutMs = Math.min(this.remainingMs, REACH_MS);
    const atNs = await firstAnswer({ address, ...check }, timeoutMs, this.#run.signal);
    if (atNs !== undefined) this.mark('reachable', atNs);
  }

  #late(name: MarkName): WorkloadError {
    return new WorkloadError('MARK_TIMEOUT', `no "${name}" within ${this.#run.startTimeoutMs} ms`, { retryable: true });
  }

  /** The failure as the contract wants it: the cause's code, the marks reached, files worth keeping. */
  failure(what: string, cause: unknown, logs: Readonly<Record<string, string>>): StartError {
    const code = codeOf(cause) === 'UNEXPECTED' ? 'START_FAILED' : codeOf(cause);
    const known = cause instanceof TareError ? cause : undefined;
    const options = {
      cause,
      retryable: known?.retryable ?? false,
      ...(known === undefined ? {} : { details: known.details }),
      ...(known?.hint === undefined ? {} : { hint: known.hint }),
    };
    return new StartError(code, `${what} did not start: ${messageOf(cause)}`, { marks: this.marks, logs }, options);
  }
}

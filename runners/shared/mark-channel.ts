import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { delay, nowNs } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { InterruptedError, WorkloadError } from '../../bench/errors.ts';
import { AnnouncedRuns, type RunStamps } from './announced-runs.ts';

/** The words that the probe inside says, each at most once; `pong`, `start`, `end` and `exit` carry more. */
const ANNOUNCEMENTS = ['init', 'exec', 'ready'] as const;
export type Announcement = (typeof ANNOUNCEMENTS)[number];

const MAX_LINE_BYTES = 128;
/**
 * An instance that says more than this unasked in its life is flooding, and the channel closes with an error. Each ping and
 * each program adds what its answer may take, so that a long life fits.
 */
const MAX_UNASKED_BYTES = 64 * 1024;
const MAX_ANSWER_BYTES = 2 * MAX_LINE_BYTES;

/** A program inside whose start and end are expected; disposing gives it up, and late words are then ignored. */
export interface ExpectedRun extends Disposable {
  /** The number that its announcements bear. */
  readonly token: string;
  /** Both stamps, if they are there. */
  readonly stamps: RunStamps | undefined;
  /**
   * Waits for both.
   * @throws WorkloadError `MARK_TIMEOUT`, `MARK_PROTOCOL`, `MARK_CLOSED`, `WORKLOAD_EXITED`; InterruptedError.
   */
  announced(timeoutMs: number, signal?: AbortSignal): Promise<RunStamps>;
}

/**
 * Makes the FIFOs of a channel; any process may open them, since libvirt's own user must. They are instruments of the
 * measurement, not part of the box: to be made before the clock starts.
 */
export async function makeFifos(...paths: readonly string[]): Promise<void> {
  await exec(['mkfifo', '-m', '0666', ...paths]);
}

/**
 * The host's end of the mark channel: stamps announcements on the host's clock at arrival. What arrives is hostile:
 * bounded in line length and volume, and only the known words are taken.
 */
export class MarkChannel implements Disposable {
  readonly #socket: Socket;
  readonly #commandsFd: number;
  readonly #arrived = new Map<Announcement, bigint>();
  readonly #waiters = new Set<() => void>();
  readonly #runs = new AnnouncedRuns();
  #pending = '';
  #total = 0;
  #allowed = MAX_UNASKED_BYTES;
  #pong: { token: string; atNs: bigint } | undefined;
  #nextToken = 1;
  #exitStatus: string | undefined;
  #fault: WorkloadError | undefined;
  #closed = false;

  /** @param marks FIFO that the instance writes. @param commands FIFO that the instance reads. */
  constructor(marks: string, commands: string) {
    // Read-write, so that neither end sees an end of file while the other is not there yet.
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    const marksFd = openSync(marks, flags);
    this.#commandsFd = openSync(commands, flags);
    this.#socket = new Socket({ fd: marksFd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk, nowNs()));
    this.#socket.on('error', (error) => this.#fail('MARK_CHANNEL', `mark channel: ${error.message}`));
  }

  /** When the word arrived, if it has. */
  at(name: Announcement): bigint | undefined {
    return this.#arrived.get(name);
  }

  /** What the probe said of the workload's end: an exit code or a signal's name. */
  get exitStatus(): string | undefined {
    return this.#exitStatus;
  }

  /** Set when the instance broke the protocol. */
  get fault(): WorkloadError | undefined {
    return this.#fault;
  }

  /**
   * Waits for a word.
   * @throws WorkloadError `WORKLOAD_EXITED` when the workload ends first, `MARK_TIMEOUT`, `MARK_PROTOCOL`, `MARK_CLOSED`;
   * InterruptedError when the signal aborts.
   */
  async waitFor(name: Announcement, timeoutMs: number, signal?: AbortSignal): Promise<bigint> {
    await this.#until(() => this.#arrived.has(name) || this.#exitStatus !== undefined, timeoutMs, signal);
    return this.#arrived.get(name) ?? this.#nothing(`"${name}"`, timeoutMs, signal);
  }

  /**
   * Nanoseconds from request to echo. One at a time.
   * @throws WorkloadError `MARK_TIMEOUT`, `MARK_PROTOCOL`, `MARK_CLOSED`, `WORKLOAD_EXITED`.
   */
  async ping(timeoutMs: number): Promise<number> {
    this.#requireOpen();
    const token = String(this.#nextToken++);
    const sentNs = nowNs();
    this.#send(`ping ${token}\n`);
    this.#allowed += MAX_ANSWER_BYTES;
    await this.#until(() => this.#pong?.token === token || this.#exitStatus !== undefined, timeoutMs);
    if (this.#pong?.token === token) return Number(this.#pong.atNs - sentNs);
    return this.#nothing('echo', timeoutMs);
  }

  /** Hands out the number of a program whose start and end are to be announced. @throws WorkloadError `MARK_CLOSED`, `MARK_PROTOCOL`. */
  expectRun(): ExpectedRun {
    if (this.#fault) throw this.#fault;
    this.#requireOpen();
    const runs = this.#runs;
    const token = runs.open();
    this.#allowed += MAX_ANSWER_BYTES;
    return {
      token,
      get stamps() {
        return runs.stampsOf(token);
      },
      announced: async (timeoutMs, signal) => {
        const arrived = () => runs.stampsOf(token) !== undefined || this.#exitStatus !== undefined;
        await this.#until(arrived, timeoutMs, signal);
        return runs.stampsOf(token) ?? this.#nothing('start and end of a program', timeoutMs, signal);
      },
      [Symbol.dispose]: () => runs.close(token),
    };
  }

  /** Says why something has not come. */
  #nothing(what: string, timeoutMs: number, signal?: AbortSignal): never {
    if (this.#fault) throw this.#fault;
    this.#requireOpen();
    if (this.#exitStatus !== undefined) {
      throw new WorkloadError('WORKLOAD_EXITED', `the workload ended with ${this.#exitStatus} before ${what}`);
    }
    if (signal?.aborted) throw new InterruptedError('INTERRUPTED', `interrupted while waiting for ${what}`);
    throw new WorkloadError('MARK_TIMEOUT', `no ${what} within ${timeoutMs} ms`, { retryable: true });
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    closeSync(this.#commandsFd);
    this.#wake();
  }

  /** A closed descriptor's number may belong to another file already: nothing may be written to it. */
  #requireOpen(): void {
    if (this.#closed) throw new WorkloadError('MARK_CLOSED', 'the mark channel is closed: the instance has ended');
  }

  #send(line: string): void {
    try {
      writeSync(this.#commandsFd, line);
    } catch (cause) {
      // The pipe is full: the instance does not read, or has filled it itself.
      throw new WorkloadError('MARK_PROTOCOL', 'the instance does not take commands', { cause });
    }
  }

  async #until(condition: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const end = new AbortController();
    const onAbort = () => end.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const check = () => {
      if (condition() || this.#fault || this.#closed) end.abort();
    };
    this.#waiters.add(check);
    check();
    if (signal?.aborted) end.abort();
    await delay(timeoutMs, end.signal);
    this.#waiters.delete(check);
    signal?.removeEventListener('abort', onAbort);
  }

  #wake(): void {
    for (const check of this.#waiters) check();
  }

  #fail(code: string, message: string): void {
    this.#fault ??= new WorkloadError(code, message);
    this.#socket.destroy();
    this.#wake();
  }

  #receive(chunk: Buffer, atNs: bigint): void {
    this.#total += chunk.length;
    if (this.#total > this.#allowed) return this.#fail('MARK_PROTOCOL', 'the instance floods the mark channel');
    const lines = (this.#pending + chunk.toString('latin1')).split('\n');
    this.#pending = lines.pop() ?? '';
    if ([...lines, this.#pending].some((line) => line.length > MAX_LINE_BYTES)) {
      return this.#fail('MARK_PROTOCOL', 'a line on the mark channel is too long');
    }
    for (const line of lines) this.#take(line, atNs);
    this.#wake();
  }

  #take(line: string, atNs: bigint): void {
    const [word = '', value = '', ...rest] = line.split(' ');
    const known = ANNOUNCEMENTS.find((name) => name === word);
    if (known && value === '' && !this.#arrived.has(known)) {
      if (known === 'ready' && !this.#arrived.has('exec'))
        return this.#fail('MARK_PROTOCOL', '"ready" came before "exec"');
      this.#arrived.set(known, atNs);
    } else if (word === 'pong' && rest.length === 0 && /^\d{1,9}$/.test(value)) {
      this.#pong = { token: value, atNs };
    } else if ((word === 'start' || word === 'end') && this.#runs.take(line, atNs)) {
      return;
    } else if (word === 'exit' && rest.length === 0 && /^[\w]{1,16}$/.test(value)) {
      this.#exitStatus ??= value;
    } else {
      this.#fail('MARK_PROTOCOL', 'the instance sent something unknown, or a word twice, on the mark channel');
    }
  }
}

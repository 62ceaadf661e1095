import { createConnection, type Socket } from 'node:net';
import { CommandError, InterruptedError, messageOf } from '../bench/errors.ts';

const CONNECT_TIMEOUT_MS = 10_000;

export interface RequestLimits {
  readonly timeoutMs: number;
  /** Of all that may arrive until the answer has. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Why a request has no answer. */
export type LineFault = 'LINE_TIMEOUT' | 'LINE_FLOOD' | 'LINE_CLOSED';

function fault(code: LineFault, message: string, cause?: unknown): CommandError {
  return new CommandError(code, message, cause === undefined ? {} : { cause });
}

/**
 * A peer behind a UNIX socket that talks in lines, one request at a time. It may be hostile: nothing of it is read but while an answer
 * is waited for, and no more than that may take. A peer that sends too much loses the connection.
 */
export class LineSocket implements Disposable {
  readonly #socket: Socket;
  readonly #path: string;
  #rest: Buffer = Buffer.alloc(0);
  #busy: Promise<unknown> = Promise.resolve();
  #closed: CommandError | undefined;
  /** Takes what arrives, and the end. */
  #listener: { data(chunk: Buffer): void; closed(error: CommandError): void } | undefined;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.on('data', (chunk: Buffer) => this.#listener?.data(chunk));
    socket.on('error', (error) => this.#close(fault('LINE_CLOSED', `${path}: ${messageOf(error)}`, error)));
    socket.on('close', () => this.#close(fault('LINE_CLOSED', `${path} was closed by its other end`)));
    socket.pause();
  }

  /** @throws CommandError `LINE_CLOSED`, `LINE_TIMEOUT`: nobody listens there. */
  static async connect(path: string, timeoutMs = CONNECT_TIMEOUT_MS): Promise<LineSocket> {
    const connection = new LineSocket(createConnection({ path }), path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(fault('LINE_TIMEOUT', `${path} takes no connection`)), timeoutMs);
    connection.#socket.once('connect', resolve);
    connection.#listener = { data: () => {}, closed: reject };
    try {
      await promise;
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    } finally {
      connection.#listener = undefined;
      clearTimeout(timer);
    }
  }

  /** Whether there is nobody any more at the other end. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Sends something and waits for the first line that `accept` makes something of; others are dropped.
   * @param accept gets a line without its end; undefined where it is no answer. What it throws ends the request.
   * @throws CommandError `LINE_TIMEOUT`, `LINE_FLOOD`, `LINE_CLOSED`; InterruptedError.
   */
  async request<T>(
    text: Uint8Array | string,
    accept: (line: Buffer) => T | undefined,
    limits: RequestLimits,
  ): Promise<T> {
    const turn = this.#busy.then(() => this.#ask(text, accept, limits));
    this.#busy = turn.catch(() => {});
    return await turn;
  }

  [Symbol.dispose](): void {
    this.#close(fault('LINE_CLOSED', `${this.#path} was closed`));
  }

  #close(error: CommandError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#socket.destroy();
    this.#listener?.closed(error);
  }

  async #ask<T>(
    text: Uint8Array | string,
    accept: (line: Buffer) => T | undefined,
    { timeoutMs, maxBytes, signal }: RequestLimits,
  ): Promise<T> {
    if (this.#closed) throw this.#closed;
    if (signal?.aborted) throw new InterruptedError('INTERRUPTED', `interrupted before ${this.#path} was asked`);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let left = maxBytes - this.#rest.length;
    const take = (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) return this.#close(fault('LINE_FLOOD', `${this.#path} sent more than ${maxBytes} bytes`));
      try {
        this.#cut(chunk, (line) => {
          const answer = accept(line);
          if (answer !== undefined) resolve(answer);
          return answer !== undefined;
        });
      } catch (error) {
        reject(error);
      }
    };
    const late = () => reject(fault('LINE_TIMEOUT', `no answer on ${this.#path} within ${timeoutMs} ms`));
    const interrupted = () => reject(new InterruptedError('INTERRUPTED', `interrupted while ${this.#path} was asked`));
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener('abort', interrupted);
    this.#listener = { data: take, closed: reject };
    try {
      if (text.length > 0) this.#socket.write(text);
      // What came with the last answer may hold this one.
      take(Buffer.alloc(0));
      this.#socket.resume();
      return await promise;
    } finally {
      this.#socket.pause();
      this.#listener = undefined;
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupted);
    }
  }

  /** Hands on the whole lines of what has arrived, until one is taken; keeps the rest. */
  #cut(chunk: Buffer, take: (line: Buffer) => boolean): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end < 0) return;
      const line = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end + 1);
      if (take(line)) return;
    }
  }
}

import { randomInt } from 'node:crypto';
import { codeOf, CommandError } from '../bench/errors.ts';
import { AGENT_ABSENT, type AskLimits, type GuestAgent } from './guest-agent.ts';
import { LineSocket } from './line-socket.ts';

/** As libvirt waits for it. */
const SYNC_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 10_000;
/** What may lie in the way from questions that were given up. */
const SYNC_MAX_BYTES = 1024 * 1024;
/** No byte of UTF-8: the agent begins anew with it, and puts it before the answer to guest-sync-delimited. */
const DELIMITER = 0xff;

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isAnswer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('return' in value || 'error' in value);
}

/** QEMU's guest agent behind a socket, which is the guest's own: hostile. Connected anew where it was cut. */
export class AgentSocket implements GuestAgent, Disposable {
  readonly #path: string;
  #socket: LineSocket | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @param path the socket on which QEMU listens for whoever wants to talk to the agent. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the connection, as a guest's agent is to have it from the start on. @throws CommandError `LINE_CLOSED`, `LINE_TIMEOUT`. */
  async connect(): Promise<LineSocket> {
    if (this.#socket && !this.#socket.isClosed) return this.#socket;
    const socket = await LineSocket.connect(this.#path);
    if (this.#disposed) socket[Symbol.dispose]();
    this.#socket = socket;
    return socket;
  }

  async ask(request: object, limits: AskLimits): Promise<string> {
    const turn = this.#turn.then(() => this.#ask(request, limits));
    this.#turn = turn.catch(() => {});
    return await turn;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#socket?.[Symbol.dispose]();
  }

  async #ask(request: object, { maxBytes, signal }: AskLimits): Promise<string> {
    const socket = await this.connect();
    await this.#synchronise(socket, signal);
    const accept = (line: Buffer) => (isAnswer(parse(line)) ? line.toString('utf8') : undefined);
    const limits = { timeoutMs: ANSWER_TIMEOUT_MS, maxBytes, signal };
    return await socket.request(`${JSON.stringify(request)}\n`, accept, limits);
  }

  /** What comes after this is the answer to what is asked after it. */
  async #synchronise(socket: LineSocket, signal: AbortSignal | undefined): Promise<void> {
    const id = randomInt(2 ** 31);
    const request = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } });
    const accept = (line: Buffer) => {
      const answer = parse(line.subarray(line.lastIndexOf(DELIMITER) + 1));
      return isAnswer(answer) && (answer as { readonly return?: unknown }).return === id ? true : undefined;
    };
    const text = Buffer.concat([Buffer.of(DELIMITER), Buffer.from(`${request}\n`)]);
    try {
      await socket.request(text, accept, { timeoutMs: SYNC_TIMEOUT_MS, maxBytes: SYNC_MAX_BYTES, signal });
    } catch (cause) {
      if (codeOf(cause) !== 'LINE_TIMEOUT') throw cause;
      throw new CommandError(AGENT_ABSENT, 'the guest agent does not answer', { cause });
    }
  }
}

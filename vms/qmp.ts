import { z } from 'zod';
import { ParseError } from '../bench/errors.ts';
import { LineSocket } from './line-socket.ts';

/** A busy host may take its time; an emulator that does not answer for so long is stuck. */
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 1024 * 1024;

const greetingSchema = z.object({ QMP: z.object({}) });
const answerSchema = z.union([
  z.object({ id: z.number(), return: z.unknown() }),
  z.object({ id: z.number(), error: z.object({ desc: z.string() }) }),
]);

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new ParseError('QMP_ANSWER', 'QEMU sent a line that is no JSON', { cause });
  }
}

/** QEMU's monitor behind a socket. An emulator that its guest has taken over is hostile, too: see LineSocket. */
export class Qmp implements Disposable {
  readonly #socket: LineSocket;
  #asked = 0;

  private constructor(socket: LineSocket) {
    this.#socket = socket;
  }

  /** @throws CommandError `LINE_CLOSED`, `LINE_TIMEOUT`, `LINE_FLOOD`; ParseError `QMP_ANSWER`. */
  static async connect(path: string, timeoutMs = TIMEOUT_MS): Promise<Qmp> {
    const socket = await LineSocket.connect(path, timeoutMs);
    const qmp = new Qmp(socket);
    try {
      const greeting = (line: Buffer) => (greetingSchema.safeParse(parse(line)).success ? true : undefined);
      await socket.request('', greeting, { timeoutMs, maxBytes: MAX_BYTES });
      await qmp.command('qmp_capabilities', {}, timeoutMs);
      return qmp;
    } catch (error) {
      socket[Symbol.dispose]();
      throw error;
    }
  }

  /** One command's answer. @throws ParseError `QMP_ANSWER`, also for an error of QEMU's; CommandError as LineSocket. */
  async command(name: string, args: object = {}, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    const text = `${JSON.stringify({ execute: name, arguments: args, id })}\n`;
    // Events come in between, and answers that were given up.
    const accept = (line: Buffer) => {
      const answer = answerSchema.safeParse(parse(line)).data;
      return answer?.id === id ? answer : undefined;
    };
    const answer = await this.#socket.request(text, accept, { timeoutMs, maxBytes: MAX_BYTES });
    if (!('error' in answer)) return answer.return;
    throw new ParseError('QMP_ANSWER', `QEMU refuses ${name}: ${answer.error.desc.slice(0, 500)}`);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

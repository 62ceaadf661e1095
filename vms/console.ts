import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { nowNs } from '../bench/proc/clock.ts';

/** Bytes of a guest's output that are kept: the last ones. */
const KEPT_BYTES = 64 * 1024;
/** What tells a line of our init from the kernel's. */
const INIT_LINE = 'tare: init';

/** Text of a hostile guest made fit for people's terminals and logs: no control characters but line ends and tabs. */
export function sanitise(text: string): string {
  return (
    text
      .replaceAll('\r\n', '\n')
      // Escape sequences first, whole, so that their letters do not stay behind.
      .replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)?|.)/g, '')
      .replaceAll(/[^\n\t\x20-\x7e]/g, '?')
  );
}

/** What a console ends with when something went wrong: the kernel's words for it, or our init's. */
const TELLING = /Kernel panic|BUG:|Out of memory|tare: (?:cannot|no |bad )/;

/**
 * The lines of a guest's output that tell best why it ended: those that name a failure, otherwise the last ones. Sanitised
 * and bounded; for messages.
 */
export function tellingLines(text: string, count: number): string {
  const lines = sanitise(text)
    .split('\n')
    .map((line) => line.trim().slice(0, 200))
    .filter((line) => line !== '');
  const telling = lines.filter((line) => TELLING.test(line));
  return (telling.length > 0 ? telling : lines).slice(-count).join('\n');
}

/** Reads what a guest writes into a FIFO, keeps the end of it, and stamps its first byte and its init's line. */
export class GuestOutput implements Disposable {
  readonly #socket: Socket;
  #kept: Buffer[] = [];
  #bytes = 0;
  #search = '';
  #firstByteNs: bigint | undefined;
  #initNs: bigint | undefined;

  /** @param path the FIFO that the guest writes. */
  constructor(path: string) {
    // Read-write, so that no end of file comes before the guest is there.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk, nowNs()));
    this.#socket.on('error', () => this.#socket.destroy());
  }

  /** When the first byte arrived. */
  get firstByteNs(): bigint | undefined {
    return this.#firstByteNs;
  }

  /** When the line of our init arrived. */
  get initNs(): bigint | undefined {
    return this.#initNs;
  }

  /** The last 64 KiB, as the guest wrote them. */
  get raw(): string {
    return Buffer.concat(this.#kept).subarray(-KEPT_BYTES).toString('latin1');
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer, atNs: bigint): void {
    this.#firstByteNs ??= atNs;
    if (this.#initNs === undefined) {
      const text = this.#search + chunk.toString('latin1');
      if (text.includes(`${INIT_LINE}\r`) || text.includes(`${INIT_LINE}\n`)) this.#initNs = atNs;
      this.#search = text.slice(-INIT_LINE.length - 1);
    }
    this.#kept.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= 2 * KEPT_BYTES) return;
    this.#kept = [Buffer.concat(this.#kept).subarray(-KEPT_BYTES)];
    this.#bytes = KEPT_BYTES;
  }
}

import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { nowNs } from '../bench/proc/clock.ts';

/** Bytes of a guest's output that are kept: the last ones. */
const KEPT_BYTES = 64 * 1024;
/** What tells the points of a boot in what a console says, wherever in the text it stands. */
export interface BootSigns {
  /** Absent: the first byte, where nothing but the kernel writes to the console. */
  readonly kernel?: RegExp;
  readonly init: RegExp;
}

/** The line that our own programs inside write as the guest's init begins. */
export const OUR_SIGNS: BootSigns = { init: /tare: init[\r\n]/ };

/** The kernel's banner: the first that it writes, and the only sign of it where others wrote before. */
const BANNER = /Linux version \d/;

/** The signs of our own system where it boots by UEFI: firmware and boot loader write to the serial console for want of a screen. */
export const UEFI_SIGNS: BootSigns = { ...OUR_SIGNS, kernel: BANNER };

/**
 * The signs of a distribution's own system. Its boot loader may write to the console too, so the kernel is told by its
 * banner, and systemd by its first words; GRUB welcomes people as well. An image that keeps these off the serial console gives no
 * such marks.
 */
export const CLOUD_SIGNS: BootSigns = { kernel: BANNER, init: /systemd\[1\]: |Welcome to (?!GRUB!)[^]{5}/ };

/** A sign may be cut in two by the way it arrives; none is longer than this. */
const LONGEST_SIGN = 128;

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

/** Reads what a guest writes into a FIFO, keeps the end of it, and stamps the points of its boot. */
export class GuestOutput implements Disposable {
  readonly #socket: Socket;
  readonly #signs: BootSigns;
  #kept: Buffer[] = [];
  #bytes = 0;
  #search = '';
  #kernelNs: bigint | undefined;
  #initNs: bigint | undefined;

  /** @param path the FIFO that the guest writes. */
  constructor(path: string, signs: BootSigns = OUR_SIGNS) {
    this.#signs = signs;
    // Read-write, so that no end of file comes before the guest is there.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk, nowNs()));
    this.#socket.on('error', () => this.#socket.destroy());
  }

  /** When the kernel's sign arrived. */
  get kernelNs(): bigint | undefined {
    return this.#kernelNs;
  }

  /** When the init's sign arrived. */
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
    this.#look(chunk, atNs);
    this.#kept.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= 2 * KEPT_BYTES) return;
    this.#kept = [Buffer.concat(this.#kept).subarray(-KEPT_BYTES)];
    this.#bytes = KEPT_BYTES;
  }

  #look(chunk: Buffer, atNs: bigint): void {
    const { kernel, init } = this.#signs;
    if (kernel === undefined) this.#kernelNs ??= atNs;
    if (this.#kernelNs !== undefined && this.#initNs !== undefined) return;
    const text = this.#search + chunk.toString('latin1');
    if (kernel?.test(text)) this.#kernelNs ??= atNs;
    if (init.test(text)) this.#initNs ??= atNs;
    this.#search = text.slice(-LONGEST_SIGN);
  }
}

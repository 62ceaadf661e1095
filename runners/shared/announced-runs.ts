/** A program's start and end as they arrived on the host's monotonic clock, and what lay between on the clock inside. */
export interface RunStamps {
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  readonly insideNs: number;
}

const WORDS = /^(?:start (?<started>\d{1,9})|end (?<ended>\d{1,9}) (?<ns>\d{1,18}))$/;

/** The programs inside whose start and end are expected on the mark channel. What arrives is hostile. */
export class AnnouncedRuns {
  readonly #open = new Map<string, { -readonly [Key in keyof RunStamps]?: RunStamps[Key] }>();
  #next = 1;

  /** Gives a number that no other run of this instance has; its words are taken until it is closed. */
  open(): string {
    const token = String(this.#next++);
    this.#open.set(token, {});
    return token;
  }

  close(token: string): void {
    this.#open.delete(token);
  }

  /** Both stamps; undefined while one is missing. */
  stampsOf(token: string): RunStamps | undefined {
    const { startedNs, endedNs, insideNs } = this.#open.get(token) ?? {};
    if (startedNs === undefined || endedNs === undefined || insideNs === undefined) return undefined;
    return { startedNs, endedNs, insideNs };
  }

  /** Takes `start N` or `end N NS`; false for anything that cannot be: an unknown number, a word twice, an end first. */
  take(line: string, atNs: bigint): boolean {
    const { started, ended, ns } = WORDS.exec(line)?.groups ?? {};
    const token = started ?? ended;
    if (token === undefined || !this.#isKnown(token)) return false;
    const run = this.#open.get(token);
    // Given up meanwhile, as past its deadline: the word is late, not wrong.
    if (run === undefined) return true;
    if (started !== undefined) {
      if (run.startedNs !== undefined) return false;
      run.startedNs = atNs;
      return true;
    }
    const insideNs = Number(ns);
    if (run.startedNs === undefined || run.endedNs !== undefined || !Number.isSafeInteger(insideNs)) return false;
    run.endedNs = atNs;
    run.insideNs = insideNs;
    return true;
  }

  #isKnown(token: string): boolean {
    const number = Number(token);
    return String(number) === token && number >= 1 && number < this.#next;
  }
}

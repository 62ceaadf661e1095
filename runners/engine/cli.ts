import { z } from 'zod';
import { CommandError, messageOf, ParseError, ResourceError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { type CommandOptions, type CommandResult, exec } from '../../bench/proc/exec.ts';

/** The label by which a sweep finds what a run made. */
export const TAG_LABEL = 'tare.tag';

/** What an engine says of a container, a network or an image that is not there. */
const ABSENT = /no such (?:container|network|image|object)|network \S+ not found|not found/i;

/** What it says while another client removes the same thing. */
const IN_PROGRESS = /removal of container \S+ is already in progress/i;

const REMOVE_TIMEOUT_MS = 60_000;

/** How an engine's client is called, and how it says that no engine answers. */
export interface EngineProgram {
  /** The client and the words that go before every command. */
  readonly argv: readonly [string, ...string[]];
  /** Where it is run; default: where tare is. */
  readonly cwd?: string;
  /** Undefined where there is no daemon that could be missing. */
  readonly down?: { readonly said: RegExp; readonly message: string; readonly hint: string };
}

function stderrOf(error: CommandError): string {
  const { stderr } = error.details;
  return typeof stderr === 'string' ? stderr : messageOf(error);
}

/** The command line of a container engine. */
export class EngineCli {
  readonly #program: EngineProgram;

  constructor(program: EngineProgram) {
    this.#program = program;
  }

  /**
   * Runs a command.
   * @throws ResourceError `SERVICE_DOWN` when no engine answers; CommandError otherwise.
   */
  async run(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { argv, cwd, down } = this.#program;
    try {
      return await exec([...argv, ...words], cwd === undefined ? options : { cwd, ...options });
    } catch (cause) {
      if (!down || !(cause instanceof CommandError) || !down.said.test(stderrOf(cause))) throw cause;
      throw new ResourceError('SERVICE_DOWN', down.message, { cause, hint: down.hint, retryable: true });
    }
  }

  /**
   * Runs a command that removes something; that it is gone already is fine, and so is another sweep at the same time.
   * @throws ResourceError `REMOVAL_STUCK`; what `run` throws.
   */
  async remove(words: readonly string[]): Promise<void> {
    const removed = () => this.#tryToRemove(words);
    if (await waitUntil(removed, { timeoutMs: REMOVE_TIMEOUT_MS, everyMs: 200 })) return;
    throw new ResourceError('REMOVAL_STUCK', `the engine has not removed ${words.at(-1)} for ${REMOVE_TIMEOUT_MS} ms`, {
      hint: 'its log says why; "tare clean" tries again later',
    });
  }

  /** Runs a command that prints JSON, and checks its form. @throws ParseError `ENGINE_OUTPUT`. */
  async json<T>(words: readonly string[], schema: z.ZodType<T>): Promise<T> {
    const { stdout } = await this.run(words);
    try {
      return schema.parse(JSON.parse(stdout));
    } catch (cause) {
      const [program] = this.#program.argv;
      throw new ParseError('ENGINE_OUTPUT', `${program} ${words[0]} printed something unexpected`, { cause });
    }
  }

  /** One try: done (also where it was gone already), or somebody else is just doing it. */
  async #tryToRemove(words: readonly string[]): Promise<boolean> {
    try {
      await this.run(words);
      return true;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (IN_PROGRESS.test(stderrOf(error))) return false;
      if (!ABSENT.test(stderrOf(error))) throw error;
      return true;
    }
  }
}

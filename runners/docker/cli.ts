import { z } from 'zod';
import { CommandError, messageOf, ParseError, ResourceError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { type CommandOptions, type CommandResult, exec } from '../../bench/proc/exec.ts';

/** The label by which a sweep finds what a run made. */
export const TAG_LABEL = 'tare.tag';

/** What the client says when no engine answers. */
const NO_ENGINE =
  /cannot connect to the docker daemon|error during connect|is the docker daemon running|failed to connect to the docker/i;

/** What the engine says of a container, a network or an image that is not there. */
const ABSENT = /no such (?:container|network|image|object)|network \S+ not found|not found/i;

/** What it says while another client removes the same thing. */
const IN_PROGRESS = /removal of container \S+ is already in progress/i;

const REMOVE_TIMEOUT_MS = 20_000;

const ENGINE_HINT = 'start it: systemctl start docker, or "make setup" where there is no systemd';

/**
 * Runs the `docker` CLI.
 * @throws ResourceError `SERVICE_DOWN` when no engine answers; CommandError otherwise.
 */
export async function docker(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  try {
    return await exec(['docker', ...words], options);
  } catch (cause) {
    if (cause instanceof CommandError && NO_ENGINE.test(stderrOf(cause))) {
      throw new ResourceError('SERVICE_DOWN', 'no Docker engine answers', {
        cause,
        hint: ENGINE_HINT,
        retryable: true,
      });
    }
    throw cause;
  }
}

function stderrOf(error: CommandError): string {
  const { stderr } = error.details;
  return typeof stderr === 'string' ? stderr : messageOf(error);
}

/** One try: done (also where it was gone already), or somebody else is just doing it. */
async function tryToRemove(words: readonly string[]): Promise<boolean> {
  try {
    await docker(words);
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (IN_PROGRESS.test(stderrOf(error))) return false;
    if (!ABSENT.test(stderrOf(error))) throw error;
    return true;
  }
}

/**
 * Runs a command that removes something; that it is gone already is fine, and so is another sweep at the same time.
 * @throws ResourceError `REMOVAL_STUCK`; what `docker` throws.
 */
export async function dockerRemove(words: readonly string[]): Promise<void> {
  if (await waitUntil(() => tryToRemove(words), { timeoutMs: REMOVE_TIMEOUT_MS, everyMs: 200 })) return;
  throw new ResourceError('REMOVAL_STUCK', `the engine has not removed ${words.at(-1)} for ${REMOVE_TIMEOUT_MS} ms`, {
    hint: 'its log says why; "tare clean" tries again later',
  });
}

/** Runs a command that prints JSON, and checks its form. @throws ParseError `DOCKER_OUTPUT`. */
export async function dockerJson<T>(words: readonly string[], schema: z.ZodType<T>): Promise<T> {
  const { stdout } = await docker(words);
  try {
    return schema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new ParseError('DOCKER_OUTPUT', `docker ${words[0]} printed something unexpected`, { cause });
  }
}

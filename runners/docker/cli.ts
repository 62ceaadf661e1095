import type { z } from 'zod';
import type { CommandOptions, CommandResult } from '../../bench/proc/exec.ts';
import { EngineCli } from '../engine/cli.ts';

/** The `docker` CLI, for the engine that is there. */
export const dockerCli = new EngineCli({
  argv: ['docker'],
  down: {
    said: /cannot connect to the docker daemon|error during connect|is the docker daemon running|failed to connect to the docker/i,
    message: 'no Docker engine answers',
    hint: 'start it: systemctl start docker, or "make setup" where there is no systemd',
  },
});

/** One command. @throws ResourceError `SERVICE_DOWN`; CommandError. */
export function docker(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return dockerCli.run(words, options);
}

/** One command that prints JSON. @throws ParseError `ENGINE_OUTPUT`, and as `docker`. */
export function dockerJson<T>(words: readonly string[], schema: z.ZodType<T>): Promise<T> {
  return dockerCli.json(words, schema);
}

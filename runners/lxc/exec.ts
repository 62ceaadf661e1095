import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import { INSIDE_ENVIRONMENT } from '../shared/inside.ts';
import { execMarked } from '../shared/marked-exec.ts';
import { EXEC_VARIABLE } from '../shared/processes.ts';
import { lxcArgv } from './cli.ts';
import type { Layout } from './layout.ts';

/** What LXC itself says when it could not run a program inside, and how it then ends; a program's own exit code comes without it. */
const NOT_RUN = /^lxc-attach: \S+: .*/m;
const NOT_RUN_CODES: readonly number[] = [1, 126, 127, 255];

let execs = 0;

/**
 * Runs a program in a container, in its cgroups and as confined as it is.
 * @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError.
 */
export async function execInside(
  place: Pick<Layout, 'path' | 'name'>,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  execs += 1;
  const marker = `${place.name}-${execs}`;
  const environment = { ...INSIDE_ENVIRONMENT, [EXEC_VARIABLE]: marker };
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--set-var', `${name}=${value}`]);
  const command = lxcArgv('lxc-attach', place, ['--clear-env', ...variables, '--', ...argv]);
  // The program begins in the folder that lxc-attach begins in, where there is one of that name.
  const result = await execMarked(command, marker, { ...options, cwd: '/' });
  const notRun = NOT_RUN_CODES.includes(result.exitCode) ? NOT_RUN.exec(result.stderr) : null;
  if (notRun === null) return result;
  throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${notRun[0].slice(0, 500)}`);
}

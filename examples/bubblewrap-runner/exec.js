/**
 * Programs in a box that runs.
 */
import { CommandError, EXEC_VARIABLE, execMarked, isRunning, statOf } from 'tare/runner';
import { insideArgv } from './box.js';

/** @import { ExecOptions, ExecResult } from 'tare/runner' */
/** @import { Box } from './box.js' */

/** What bwrap and those before it say when they could not run a program; a program's own exit code comes without it. */
const NOT_RUN = /^(?:bwrap|nsenter|join|Cannot open network namespace)\b.*/m;

let programs = 0;

/**
 * Runs a program inside to its end.
 * @param {{ name: string, box: Box, pid: number, cgroups: readonly string[] }} instance
 * @param {readonly string[]} argv
 * @param {ExecOptions} options
 * @returns {Promise<ExecResult>}
 */
export async function execInside({ name, box, pid, cgroups }, argv, options) {
  if (!isRunning(statOf(pid))) throw new CommandError('NOT_RUN', `${name} has ended`);
  programs += 1;
  const marker = `${name}-${programs}`;
  const environment = { ...box.environment, [EXEC_VARIABLE]: marker };
  const words = insideArgv({ ...box, environment }, pid, cgroups, argv);
  const result = await execMarked(words, marker, { ...options, env: { [EXEC_VARIABLE]: marker } });
  const notRun = result.exitCode === 0 ? null : NOT_RUN.exec(result.stderr);
  if (notRun === null) return result;
  throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${notRun[0].slice(0, 500)}`);
}

import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import { execMarked } from './marked-exec.ts';
import { EXEC_VARIABLE } from './processes.ts';

/** taskset, chroot, ip, and what prepares a client's tree say these when they could not run the program, followed by why. */
const NOT_RUN = /^(?:chroot: |taskset: |mount: |sh: \d+: exec: |Cannot open network namespace|exec of )/m;
const NOT_RUN_CODES: readonly number[] = [1, 32, 125, 126, 127, 255];

let programs = 0;

/** argv that runs a program of a file tree on these host CPUs. */
export function treeArgv(tree: string, cpus: readonly number[], argv: readonly string[]): readonly string[] {
  return ['taskset', '--cpu-list', cpus.join(), 'chroot', tree, ...argv];
}

/**
 * Runs such an argv (`treeArgv`, also behind `ip netns exec`) to its end; what it started goes with it at a deadline.
 * @throws CommandError `NOT_RUN`, and as `exec`.
 */
export async function runTreeProgram(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  options: ExecOptions,
): Promise<ExecResult> {
  programs += 1;
  const marker = `tree-${process.pid}-${programs}`;
  const result = await execMarked(argv, marker, { ...options, env: { ...environment, [EXEC_VARIABLE]: marker } });
  if (!NOT_RUN_CODES.includes(result.exitCode) || !NOT_RUN.test(result.stderr)) return result;
  throw new CommandError('NOT_RUN', `it could not be run: ${result.stderr.trim().slice(-500)}`, { details: { argv } });
}

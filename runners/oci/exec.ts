import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { EXEC_VARIABLE, killUntilGone, processesWith } from '../shared/processes.ts';
import { runtimeArgv } from './cli.ts';
import type { OciRuntime } from './runtime.ts';

let execs = 0;

/** Runs a program in a container to its end. @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError. */
export async function execInside(
  runtime: OciRuntime,
  runDir: string,
  name: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  execs += 1;
  const marker = `${name}-${execs}`;
  try {
    const words = ['exec', '--env', `${EXEC_VARIABLE}=${marker}`, name, ...argv];
    const result = await exec(runtimeArgv(runtime, runDir, words), { ...options, accept: 'any' });
    if (result.exitCode === 0 || !runtime.notRun.test(result.stderr)) return result;
    throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
  } catch (error) {
    // The deadline ended the runtime; what it had started inside would go on.
    await killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
    throw error;
  }
}

import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult, Instance } from '../../bench/model/runner.ts';
import { delay } from '../../bench/proc/clock.ts';
import { type CommandResult, exec } from '../../bench/proc/exec.ts';
import { execMarked } from '../shared/marked-exec.ts';
import { EXEC_VARIABLE } from '../shared/processes.ts';
import { type Environment, execArgv, type Running } from './cli.ts';
import type { OciRuntime } from './runtime.ts';

/** A program may begin only after it was looked for. */
const END_AGAIN_MS = 100;

let execs = 0;

/** @param runs what runs the runtime's command. */
async function run(
  running: Running,
  variables: Environment,
  argv: readonly string[],
  runs: (command: readonly string[]) => Promise<CommandResult>,
): Promise<ExecResult> {
  const { notRun, notRunSignal } = running.runtime;
  const because = (why: string, cause?: unknown) =>
    new CommandError('NOT_RUN', `${argv[0]} could not be run: ${why}`, { cause });
  const result = await runs(execArgv(running, variables, argv)).catch((error: unknown) => {
    const { signal = null } = error instanceof CommandError ? error.details : {};
    throw signal !== null && signal === notRunSignal ? because('the runtime does not say why', error) : error;
  });
  if (result.exitCode === 0 || !notRun.test(result.stderr)) return result;
  throw because(result.stderr.trim().slice(-500));
}

type EndInside = NonNullable<OciRuntime['endInside']>;

/** Ends what an exec has left in a sandbox. What it is called for is the error that counts; what stays ends with the instance. */
async function endSandboxed(running: Running, endInside: EndInside, marker: string): Promise<void> {
  const unmarked: Instance['exec'] = (argv, options) =>
    run(running, {}, argv, (command) => exec(command, { ...options, accept: 'any' }));
  await endInside(unmarked, `${EXEC_VARIABLE}=${marker}`).catch(() => {});
}

/**
 * Runs a program of a sandbox, which nobody sees on the host; it is ended at its deadline, and until its exec has ended: the
 * sandbox has its pipes, and the end of what was run on the host does not close them.
 */
async function execSandboxed(
  command: readonly string[],
  options: ExecOptions,
  end: () => Promise<void>,
): Promise<CommandResult> {
  const settled = new AbortController();
  const over = AbortSignal.any([AbortSignal.timeout(options.timeoutMs), ...(options.signal ? [options.signal] : [])]);
  const endWhenOver = async () => {
    while (!settled.signal.aborted) {
      await end();
      await delay(END_AGAIN_MS, settled.signal);
    }
  };
  over.addEventListener('abort', () => void endWhenOver(), { once: true, signal: settled.signal });
  if (over.aborted) void endWhenOver();
  try {
    return await exec(command, { ...options, accept: 'any' });
  } catch (error) {
    // The deadline ended the runtime; what it had started inside would go on.
    await end();
    throw error;
  } finally {
    settled.abort();
  }
}

/** Runs a program in a container to its end. @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError. */
export async function execInside(running: Running, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  execs += 1;
  const marker = `${running.name}-${execs}`;
  const { endInside } = running.runtime;
  return run(running, { [EXEC_VARIABLE]: marker }, argv, (command) =>
    endInside
      ? execSandboxed(command, options, () => endSandboxed(running, endInside, marker))
      : execMarked(command, marker, options),
  );
}

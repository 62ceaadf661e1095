import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult, Instance } from '../../bench/model/runner.ts';
import { delay } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { EXEC_VARIABLE, killUntilGone, processesWith } from '../shared/processes.ts';
import { type Environment, execArgv, type Running } from './cli.ts';

/** A program may begin only after it was looked for. */
const END_AGAIN_MS = 100;

let execs = 0;

async function run(
  running: Running,
  variables: Environment,
  argv: readonly string[],
  limits: ExecOptions,
): Promise<ExecResult> {
  const { notRun, notRunSignal } = running.runtime;
  const because = (why: string, cause?: unknown) =>
    new CommandError('NOT_RUN', `${argv[0]} could not be run: ${why}`, { cause });
  const command = execArgv(running, variables, argv);
  const result = await exec(command, { ...limits, accept: 'any' }).catch((error: unknown) => {
    const { signal = null } = error instanceof CommandError ? error.details : {};
    throw signal !== null && signal === notRunSignal ? because('the runtime does not say why', error) : error;
  });
  if (result.exitCode === 0 || !notRun.test(result.stderr)) return result;
  throw because(result.stderr.trim().slice(-500));
}

/** Ends what an exec has left in a container. What it is called for is the error that counts; what stays ends with the instance. */
async function endExec(running: Running, marker: string): Promise<void> {
  const { endInside } = running.runtime;
  if (!endInside) {
    await killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
    return;
  }
  const unmarked: Instance['exec'] = (argv, options) => run(running, {}, argv, options);
  await endInside(unmarked, `${EXEC_VARIABLE}=${marker}`).catch(() => {});
}

/**
 * Ends a program of a sandbox at its deadline, and until its exec has ended: the sandbox has its pipes, and the end of what
 * was run on the host does not close them.
 */
function endWhenOver(running: Running, marker: string, { timeoutMs, signal }: ExecOptions): Disposable {
  const settled = new AbortController();
  const over = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const end = async () => {
    while (!settled.signal.aborted) {
      await endExec(running, marker);
      await delay(END_AGAIN_MS, settled.signal);
    }
  };
  over.addEventListener('abort', () => void end(), { once: true, signal: settled.signal });
  if (over.aborted) void end();
  return { [Symbol.dispose]: () => settled.abort() };
}

/** Runs a program in a container to its end. @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError. */
export async function execInside(running: Running, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  execs += 1;
  const marker = `${running.name}-${execs}`;
  try {
    using _deadline = running.runtime.endInside ? endWhenOver(running, marker, options) : undefined;
    return await run(running, { [EXEC_VARIABLE]: marker }, argv, options);
  } catch (error) {
    // The deadline ended the runtime; what it had started inside would go on.
    await endExec(running, marker);
    throw error;
  }
}

import { CommandError, InterruptedError } from '../../bench/errors.ts';
import type { ExecOptions } from '../../bench/model/runner.ts';
import { type CommandOptions, type CommandResult, commandLine, exec } from '../../bench/proc/exec.ts';
import { EXEC_VARIABLE, killUntilGone, processesWith } from './processes.ts';

/** `exec` itself should notice the deadline first: what it says then has the output so far. */
const AFTER_DEADLINE_MS = 100;

/**
 * Runs a program, whatever its exit code, whose processes carry a marker as `EXEC_VARIABLE` in their environment. Whenever it
 * does not come to its end, none of them stays: also those that left its process group, whose hold on its output would
 * otherwise keep the deadline from being the end.
 * @throws as `exec`.
 */
export async function execMarked(
  argv: readonly string[],
  marker: string,
  options: ExecOptions & Pick<CommandOptions, 'env' | 'cwd'>,
): Promise<CommandResult> {
  const endAll = () => killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
  let late = false;
  const onLate = () => {
    late = true;
    void endAll();
  };
  const timer = setTimeout(onLate, options.timeoutMs + AFTER_DEADLINE_MS);
  options.signal?.addEventListener('abort', onLate, { once: true });
  try {
    const result = await exec(argv, { ...options, accept: 'any' });
    if (options.signal?.aborted) throw new InterruptedError('INTERRUPTED', `interrupted: ${commandLine(argv)}`);
    // Its own clock began with the spawn, which a busy machine holds up: what was ended here has not ended by itself.
    if (!late) return result;
    throw new CommandError('COMMAND_TIMEOUT', `no end after ${options.timeoutMs} ms: ${commandLine(argv)}`, {
      details: { argv },
      retryable: true,
    });
  } catch (error) {
    await endAll();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onLate);
  }
}

import type { ExecOptions } from '../../bench/model/runner.ts';
import { type CommandResult, exec } from '../../bench/proc/exec.ts';
import { EXEC_VARIABLE, killUntilGone, processesWith } from './processes.ts';

/** By then `exec` itself has noticed the deadline, and what ends is known to be late. */
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
  options: ExecOptions & { readonly env?: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  const endAll = () => killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
  const onLate = () => void endAll();
  const timer = setTimeout(onLate, options.timeoutMs + AFTER_DEADLINE_MS);
  options.signal?.addEventListener('abort', onLate, { once: true });
  try {
    return await exec(argv, { ...options, accept: 'any' });
  } catch (error) {
    await endAll();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onLate);
  }
}

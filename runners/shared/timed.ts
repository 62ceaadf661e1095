import { codeOf, CommandError, messageOf, WorkloadError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { ExecOptions, Instance, TimedResult } from '../../bench/model/runner.ts';
import type { MarkChannel } from './mark-channel.ts';

/** The probe passes an announcement on before it goes on: what is not there soon after the end does not come. */
const ANNOUNCED_WITHIN_MS = 10_000;

/** What the probe says when it could not execute the program, or could not announce it. */
const NOT_RUN = /^probe: cannot execute .*/m;
const PROBE_FAILED = /^probe: .*/m;

export interface TimedPlace {
  readonly channel: MarkChannel;
  /** Runs a program inside, as `Instance.exec` does. */
  readonly exec: Instance['exec'];
  /** Where the probe is, as seen inside. Default: where it is in every tree. */
  readonly probe?: string;
  /** What the supervising probe was given as `--announce`. Default: the one of boxes with a network namespace of their own. */
  readonly announce?: string;
}

/**
 * Runs a program inside under a probe of its own, which has its start and end announced by the one that supervises.
 * @throws CommandError as `exec`, and `NOT_RUN` where the program could not be executed; WorkloadError `MARK_TIMEOUT`,
 * `MARK_PROTOCOL`, `MARK_CLOSED`, `WORKLOAD_EXITED`.
 */
export async function timedRun(
  { channel, exec, probe = INSIDE.probe, announce = INSIDE.announce }: TimedPlace,
  argv: readonly string[],
  options: ExecOptions,
): Promise<TimedResult> {
  using run = channel.expectRun();
  const result = await exec([probe, '--announce', announce, '--run', run.token, '--', ...argv], options);
  const notRun = result.exitCode === 127 ? NOT_RUN.exec(result.stderr) : null;
  if (notRun) throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${notRun[0].slice(0, 500)}`);
  const failed = result.exitCode === 125 && run.stamps === undefined ? PROBE_FAILED.exec(result.stderr) : null;
  if (failed && !channel.fault) throw new WorkloadError('MARK_TIMEOUT', failed[0].slice(0, 500), { retryable: true });
  try {
    return { ...result, ...(await run.announced(ANNOUNCED_WITHIN_MS, options.signal)) };
  } catch (cause) {
    if (codeOf(cause) !== 'MARK_TIMEOUT') throw cause;
    const said = result.stderr.trim().slice(-300);
    const message = `${messageOf(cause)}; it ended with ${result.exitCode}${said === '' ? '' : `: ${said}`}`;
    throw new WorkloadError('MARK_TIMEOUT', message, { cause, retryable: true });
  }
}

import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import { CommandError, InterruptedError, ParseError } from '../errors.ts';
import type { LaunchCommand } from '../model/runner.ts';
import { compileTool } from './compile.ts';
import { commandLine, exec } from './exec.ts';
import { packageOf } from './programs.ts';

const SOURCE = fileURLToPath(new URL('launcher/launch.c', import.meta.url));
const DETAILS_CHARACTERS = 4096;

/** One command for the launcher. */
export interface Step {
  readonly argv: readonly string[];
  /** What the command and what it leaves running print is appended here as it comes; otherwise errors show the last line. */
  readonly outputFile?: string;
}

export interface LaunchLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What the commands find in their environment beside what every child of tare does. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command ended: `error` (an errno) where the program could not be run at all. */
export interface Stamp {
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  readonly how: 'exit' | 'signal' | 'error';
  readonly number: number;
}

/** The compiled launcher's path. @throws as `compileTool`. */
export function prepareLauncher(stateDir: string, signal: AbortSignal): Promise<string> {
  return compileTool(SOURCE, stateDir, signal);
}

/** What the launcher reads. @throws ParseError `BAD_WORD` for a word that cannot be told. */
export function encodeSteps(steps: readonly Step[]): string {
  const words = steps.flatMap(({ argv, outputFile = '' }) => {
    if ((argv[0] ?? '') === '' || [...argv, outputFile].some((word) => word.includes('\0'))) {
      throw new ParseError('BAD_WORD', `the launcher cannot pass on ${JSON.stringify(argv)}`);
    }
    return [String(argv.length), outputFile, ...argv];
  });
  return words.map((word) => `${word}\0`).join('');
}

function parseStamp(line: string): Stamp {
  const [, started, ended, how, number] = /^(\d+) (\d+) (exit|signal|error) (\d+)$/.exec(line) ?? [];
  if (started === undefined || ended === undefined || (how !== 'exit' && how !== 'signal' && how !== 'error')) {
    throw new ParseError('LAUNCHER_OUTPUT', 'the launcher printed something unexpected');
  }
  return { startedNs: BigInt(started), endedNs: BigInt(ended), how, number: Number(number) };
}

/** What the launcher said of each command that it ran, in order. @throws ParseError `LAUNCHER_OUTPUT`. */
export function parseStamps(text: string): readonly Stamp[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new ParseError('LAUNCHER_OUTPUT', 'the launcher was cut off in a line');
  return lines.map(parseStamp);
}

function succeeded({ how, number }: Stamp): boolean {
  return how === 'exit' && number === 0;
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}

/** The same error as `exec` would throw. */
function failure({ argv }: Step, { how, number }: Stamp, stderr: string): CommandError {
  const program = argv[0] ?? '';
  const exitCode = how === 'exit' ? number : null;
  const signal = how === 'signal' ? signalName(number) : null;
  const details = { argv, exitCode, signal, stderr: stderr.slice(-DETAILS_CHARACTERS) };
  const error = how === 'error' ? getSystemErrorName(-number) : null;
  if (error === 'ENOENT') {
    return new CommandError('TOOL_MISSING', `${program} is not installed`, { details, hint: packageOf(program) });
  }
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const reason = error ?? signal ?? `exit code ${number}`;
  const message = `${reason}: ${commandLine(argv)}${last === '' ? '' : `: ${last}`}`;
  return new CommandError('COMMAND_FAILED', message, { details });
}

/** An end from outside, told of the command that it met instead of the launcher. */
function cutOff(error: unknown, steps: readonly Step[], { timeoutMs }: LaunchLimits): unknown {
  const late = error instanceof CommandError && error.code === 'COMMAND_TIMEOUT';
  if (!late && !(error instanceof InterruptedError)) return error;
  const { stdout } = error.details;
  const said = typeof stdout === 'string' ? stdout : '';
  const ended = parseStamps(said.slice(0, said.lastIndexOf('\n') + 1));
  // The last one that ended well may have been the last of all.
  const argv = steps[Math.min(ended.filter(succeeded).length, steps.length - 1)]?.argv ?? [];
  const options = { details: { ...error.details, argv }, retryable: error.retryable, cause: error };
  const line = commandLine(argv);
  return late
    ? new CommandError(error.code, `no end after ${timeoutMs} ms: ${line}`, options)
    : new InterruptedError(error.code, `interrupted: ${line}`, options);
}

/**
 * Runs the commands one after another, until one fails; stamps are the launcher's own, on the same clock as `nowNs`.
 * @param limits for all of them together.
 * @throws CommandError as `exec` does, for the command that failed; InterruptedError.
 */
export async function launch(
  launcher: string,
  steps: readonly Step[],
  limits: LaunchLimits = {},
): Promise<readonly LaunchCommand[]> {
  const options = { ...limits, input: encodeSteps(steps), accept: [0, 1] };
  const { stdout, stderr } = await exec([launcher], options).catch((error: unknown) => {
    throw cutOff(error, steps, limits);
  });
  const stamps = parseStamps(stdout);
  return steps.map((step, at) => {
    const stamp = stamps[at];
    if (!stamp) throw new ParseError('LAUNCHER_OUTPUT', `the launcher did not run ${commandLine(step.argv)}`);
    if (!succeeded(stamp)) throw failure(step, stamp, stderr);
    return { argv: step.argv, startedNs: stamp.startedNs, endedNs: stamp.endedNs };
  });
}

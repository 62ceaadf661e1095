import { execa, type Options } from 'execa';
import { CommandError, InterruptedError } from '../errors.ts';
import type { ExecOptions, ExecResult, LaunchCommand } from '../model/runner.ts';
import { nowNs } from './clock.ts';
import { packageOf } from './programs.ts';

/** The variable that marks every process spawned for a run; its value is the owner's tag. */
export const OWNER_VARIABLE = 'TARE_OWNER';

const DEFAULT_MAX_BYTES = 1024 * 1024;

let environment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};

/** Adds to the environment of every later child; the composition root calls it, since only that reads process.env. */
export function addToEnvironment(variables: Readonly<Record<string, string>>): void {
  environment = { ...environment, ...variables };
}

export interface CommandOptions extends Partial<ExecOptions> {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are answers rather than failures; default only 0. `any` accepts all but a death by signal. */
  readonly accept?: readonly number[] | 'any';
  /**
   * A file descriptor that gets stdout and stderr, whose results are then empty: for a program that leaves others behind,
   * which would keep a pipe open.
   */
  readonly outputFd?: number;
}

export interface CommandResult extends ExecResult, LaunchCommand {}

function childOptions(options: CommandOptions) {
  return {
    extendEnv: false,
    env: { ...environment, ...options.env },
    reject: false,
    stripFinalNewline: false,
    // A group of its own: Ctrl-C at the terminal reaches tare alone, which then ends its children in order.
    detached: true,
    cleanup: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  } as const satisfies Options;
}

/** `argv` as one line for people; never given to a shell. */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/**
 * Runs a program to its end. Stamps are taken right before the spawn and when its end was observed.
 * @throws CommandError `TOOL_MISSING`, `COMMAND_FAILED`, `COMMAND_TIMEOUT`, `OUTPUT_TOO_LARGE`; InterruptedError.
 */
export async function exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...rest] = argv;
  // execa takes any descriptor, its types only those of the standard streams.
  const output = (options.outputFd ?? 'pipe') as 'pipe';
  const startedNs = nowNs();
  const result = await execa(program, rest, {
    ...childOptions(options),
    input: options.input ?? '',
    stdout: output,
    stderr: output,
    maxBuffer: options.maxBytes ?? DEFAULT_MAX_BYTES,
    forceKillAfterDelay: 2000,
    // What the program started holds its pipes: the end would not come before theirs.
    killDescendants: true,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const endedNs = nowNs();
  const stdout = result.stdout ?? '';
  const stderr = result.stderr ?? '';
  const accepted = options.accept ?? [0];
  const exitCode = result.exitCode;
  if (!result.timedOut && !result.isCanceled && !result.isMaxBuffer && exitCode !== undefined) {
    if (accepted === 'any' || accepted.includes(exitCode)) {
      return { argv, startedNs, endedNs, exitCode, stdout, stderr };
    }
  }
  const line = commandLine(argv);
  const lastWords = { stdout: stdout.slice(-4096), stderr: stderr.slice(-4096) };
  const details = { argv, exitCode: exitCode ?? null, signal: result.signal ?? null, ...lastWords };
  if (result.isCanceled) throw new InterruptedError('INTERRUPTED', `interrupted: ${line}`, { details });
  if (result.code === 'ENOENT') {
    throw new CommandError('TOOL_MISSING', `${program} is not installed`, { details, hint: packageOf(program) });
  }
  if (result.timedOut) {
    throw new CommandError('COMMAND_TIMEOUT', `no end after ${options.timeoutMs} ms: ${line}`, {
      details,
      retryable: true,
    });
  }
  if (result.isMaxBuffer) throw new CommandError('OUTPUT_TOO_LARGE', `more output than allowed: ${line}`, { details });
  const reason = exitCode === undefined ? (result.signal ?? result.code ?? 'no exit code') : `exit code ${exitCode}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  throw new CommandError('COMMAND_FAILED', `${reason}: ${line}${last === '' ? '' : `: ${last}`}`, { details });
}

/** A program that stays: its pid, how it ended, and how to end it. */
export interface LongRunning {
  readonly pid: number;
  readonly startedNs: bigint;
  /** Resolves with what it ended with and up to 64 KiB of its last output; never rejects. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly output: string;
  }>;
  /** Signals the whole process group; a group that is gone is fine. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program that stays, in a process group of its own; it outlives tare unless it is ended.
 * @throws CommandError `TOOL_MISSING` or `COMMAND_FAILED` when it could not be spawned.
 */
export async function spawn(argv: readonly string[], options: CommandOptions = {}): Promise<LongRunning> {
  const [program = '', ...rest] = argv;
  const startedNs = nowNs();
  const child = execa(program, rest, {
    ...childOptions(options),
    stdin: 'ignore',
    all: true,
    buffer: false,
  });
  let output = '';
  child.all?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-65536);
  });
  const { pid } = child;
  if (pid === undefined) {
    const result = await child;
    const missing = result.code === 'ENOENT';
    throw new CommandError(
      missing ? 'TOOL_MISSING' : 'COMMAND_FAILED',
      missing ? `${program} is not installed` : `could not start ${commandLine(argv)}`,
      { ...(missing ? { hint: packageOf(program) } : {}), cause: result },
    );
  }
  const ended = child.then((result) => ({
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    output,
  }));
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  return { pid, startedNs, ended, signal };
}

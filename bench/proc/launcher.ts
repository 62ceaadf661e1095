import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, ParseError } from '../errors.ts';
import type { LaunchCommand } from '../model/runner.ts';
import { commandLine, type CommandOptions, exec } from './exec.ts';
import { packageOf } from './programs.ts';

const SOURCE = fileURLToPath(new URL('launcher/launch.c', import.meta.url));
const FLAGS = ['-static', '-O2', '-s', '-Wall', '-Wextra', '-Werror', '-Wl,--build-id=none'] as const;
const DETAILS_BYTES = 4096;

/** One command for the launcher. */
export interface Step {
  /** No word may be empty: an empty one ends a command. */
  readonly argv: readonly string[];
  /** Gets what the command prints, and is held open by what it leaves running; otherwise the launcher passes it on. */
  readonly outputFile?: string;
}

/**
 * Compiles the launcher once and keeps it under the state folder by the hash of its source; untimed.
 * @returns its path. @throws CommandError `TOOL_MISSING` without musl-gcc.
 */
export async function prepareLauncher(stateDir: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(FLAGS)).update(readFileSync(SOURCE)).digest('hex');
  const path = join(stateDir, 'tools', `launch-${hash.slice(0, 16)}`);
  if (existsSync(path)) return path;
  await mkdir(join(stateDir, 'tools'), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await exec(['musl-gcc', ...FLAGS, '-o', draft, SOURCE], { signal });
  await chmod(draft, 0o755);
  await rename(draft, path);
  return path;
}

/** What the launcher reads. @throws ParseError `BAD_WORD` for a word that cannot be told. */
export function encodeSteps(steps: readonly Step[]): string {
  const words = steps.flatMap(({ argv, outputFile }) => {
    if (argv.length === 0 || argv.some((word) => word === '' || word.includes('\0')) || argv[0]?.startsWith('>')) {
      throw new ParseError('BAD_WORD', `the launcher cannot pass on ${JSON.stringify(argv)}`);
    }
    return [...(outputFile === undefined ? [] : [`>${outputFile}`]), ...argv, ''];
  });
  return words.map((word) => `${word}\0`).join('');
}

/** What the launcher said of each command that it ran, in order. @throws ParseError `LAUNCHER_OUTPUT`. */
export function parseStamps(text: string): readonly { startedNs: bigint; endedNs: bigint; code: number }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, started, ended, code] = /^(\d+) (\d+) (-?\d+)$/.exec(line) ?? [];
      if (started === undefined || ended === undefined) {
        throw new ParseError('LAUNCHER_OUTPUT', 'the launcher printed something unexpected');
      }
      return { startedNs: BigInt(started), endedNs: BigInt(ended), code: Number(code) };
    });
}

function failure({ argv }: Step, code: number, stderr: string): CommandError {
  const program = argv[0] ?? '';
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const details = { argv, exitCode: code, signal: null, stderr: stderr.slice(-DETAILS_BYTES) };
  if (code === -1)
    return new CommandError('TOOL_MISSING', `could not run ${last}`, { details, hint: packageOf(program) });
  const said = last === '' ? '' : `: ${last}`;
  return new CommandError('COMMAND_FAILED', `exit code ${code}: ${commandLine(argv)}${said}`, { details });
}

/**
 * Runs the commands one after another, until one fails; stamps are the launcher's own, on the same clock as `nowNs`.
 * @throws CommandError as `exec` does, for the command that failed; InterruptedError.
 */
export async function launch(
  launcher: string,
  steps: readonly Step[],
  options: CommandOptions = {},
): Promise<readonly LaunchCommand[]> {
  const { stdout, stderr } = await exec([launcher], { ...options, input: encodeSteps(steps), accept: [0, 1] });
  const stamps = parseStamps(stdout);
  return steps.map((step, at) => {
    const stamp = stamps[at];
    if (!stamp) throw new ParseError('LAUNCHER_OUTPUT', `the launcher did not run ${commandLine(step.argv)}`);
    if (stamp.code !== 0) throw failure(step, stamp.code, stderr);
    return { argv: step.argv, startedNs: stamp.startedNs, endedNs: stamp.endedNs };
  });
}

import { fileURLToPath } from 'node:url';
import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import { CAPABILITIES, type OpenFiles, openFilesLimit } from '../oci/config.ts';
import { execMarked } from '../shared/marked-exec.ts';
import { EXEC_VARIABLE } from '../shared/processes.ts';
import { joinedFolders } from './own-cgroup.ts';

const ENTER = fileURLToPath(new URL('enter.sh', import.meta.url));

/** Run by a shell inside that no profile confines: what it executes next is confined. */
const CONFINE = 'echo "exec $0" >/proc/self/attr/exec && exec "$@"';

/** What says so itself where it could not run a program inside. */
const NOT_RUN = /^(?:setpriv: |prlimit: |nsenter: |\S*enter\.sh: \d+: )/m;
const NOT_RUN_CODES: readonly number[] = [1, 2, 125, 126, 127];

let execs = 0;

/** Docker's capabilities as setpriv(1) takes them. */
export function capabilityWords(): readonly string[] {
  const kept = CAPABILITIES.map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
  return ['setpriv', `--bounding-set=-all,${kept.join()}`, '--inh-caps=-all', '--'];
}

/** Executed inside: becomes the command with this environment alone, and with the limit of open files and the capabilities of Docker's. */
export function dockerWords(
  environment: Readonly<Record<string, string>>,
  command: readonly string[],
  openFiles: OpenFiles | null = openFilesLimit() ?? null,
): readonly string[] {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [
    // A shell starts what it does not wait for with signals ignored.
    ...['env', '--ignore-environment', '--default-signal', ...variables],
    ...(openFiles === null ? [] : ['prlimit', `--nofile=${openFiles.soft}:${openFiles.hard}`]),
    ...capabilityWords(),
    ...command,
  ];
}

/** An instance that programs can be run in. */
export interface Entered {
  readonly name: string;
  /** Its first process. */
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** AppArmor's, applied to what is run. */
  readonly profile: string | undefined;
}

/** argv of a program that is run in an instance. */
export function enterArgv(
  { pid, profile }: Pick<Entered, 'pid' | 'profile'>,
  folders: readonly string[],
  words: readonly string[],
): readonly string[] {
  const confined = profile === undefined ? words : ['sh', '-c', CONFINE, profile, ...words];
  return ['sh', ENTER, String(pid), ...folders, '--', ...confined];
}

/** Runs a program in an instance to its end. @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError. */
export async function execEntered(box: Entered, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  execs += 1;
  const marker = `${box.name}-${execs}`;
  const words = dockerWords({ ...box.environment, [EXEC_VARIABLE]: marker }, argv);
  const folders = joinedFolders(box.pid, box.name);
  // Its pid may be somebody else's by now.
  if (folders.length === 0) throw new CommandError('NOT_RUN', `${argv[0]} could not be run: the instance has ended`);
  const result = await execMarked(enterArgv(box, folders, words), marker, options);
  if (!NOT_RUN_CODES.includes(result.exitCode) || !NOT_RUN.test(result.stderr)) return result;
  throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
}

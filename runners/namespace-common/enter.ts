import { fileURLToPath } from 'node:url';
import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import { compileTool } from '../../bench/proc/compile.ts';
import { CAPABILITIES, CAPABILITY_MASK, type OpenFiles, openFilesLimit } from '../oci/config.ts';
import { execMarked } from '../shared/marked-exec.ts';
import { EXEC_VARIABLE } from '../shared/processes.ts';
import { joinedFolders } from './own-cgroup.ts';

const SOURCE = fileURLToPath(new URL('enter.c', import.meta.url));

/** What says so itself where it could not run a program inside. */
const NOT_RUN = /^enter: /m;
const NOT_RUN_CODE = 126;

let execs = 0;

/** Docker's capabilities as setpriv(1) takes them. */
export function capabilityWords(): readonly string[] {
  const kept = CAPABILITIES.map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
  return ['setpriv', `--bounding-set=-all,${kept.join()}`, '--inh-caps=-all', '--'];
}

function variableWords(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

/**
 * Executed inside before anything of a workload runs: becomes the command with this environment alone, and with the limit of
 * open files and the capabilities of Docker's.
 */
export function dockerWords(
  environment: Readonly<Record<string, string>>,
  command: readonly string[],
  openFiles: OpenFiles | null = openFilesLimit() ?? null,
): readonly string[] {
  return [
    // A shell starts what it does not wait for with signals ignored.
    ...['env', '--ignore-environment', '--default-signal', ...variableWords(environment)],
    ...(openFiles === null ? [] : ['prlimit', `--nofile=${openFiles.soft}:${openFiles.hard}`]),
    ...capabilityWords(),
    ...command,
  ];
}

/** The compiled program that enters instances. @throws as `compileTool`. */
export function prepareEnter(stateDir: string, signal: AbortSignal): Promise<string> {
  return compileTool(SOURCE, stateDir, signal);
}

/** An instance that programs can be run in. */
export interface Entered {
  /** What enters. */
  readonly enter: string;
  readonly name: string;
  /** Its first process. */
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** AppArmor's, applied to what is run. */
  readonly profile: string | undefined;
}

/** argv of a program that is run in an instance, confined as Docker confines one. @param folders of the cgroups to join. */
export function enterArgv(
  { enter, pid, profile = '', environment }: Omit<Entered, 'name'>,
  folders: readonly string[],
  argv: readonly string[],
  openFiles: OpenFiles | null = openFilesLimit() ?? null,
): readonly string[] {
  const limit = openFiles === null ? '' : `${openFiles.soft}:${openFiles.hard}`;
  const how = [String(pid), CAPABILITY_MASK, limit, profile];
  return [enter, ...how, ...folders, '--', ...variableWords(environment), '--', ...argv];
}

/** Runs a program in an instance to its end. @throws CommandError `NOT_RUN`, and as `exec`; InterruptedError. */
export async function execEntered(box: Entered, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  execs += 1;
  const marker = { [EXEC_VARIABLE]: `${box.name}-${execs}` };
  const folders = joinedFolders(box.pid, box.name);
  // Its pid may be somebody else's by now.
  if (folders.length === 0) throw new CommandError('NOT_RUN', `${argv[0]} could not be run: the instance has ended`);
  const command = enterArgv({ ...box, environment: { ...box.environment, ...marker } }, folders, argv);
  // Marked from its first moment on, as what it runs will be.
  const result = await execMarked(command, marker[EXEC_VARIABLE], { ...options, env: marker });
  if (result.exitCode !== NOT_RUN_CODE || !NOT_RUN.test(result.stderr)) return result;
  throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
}

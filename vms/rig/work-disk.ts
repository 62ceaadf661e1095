import { existsSync } from 'node:fs';
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RECIPE } from '../../bench/image/recipe.ts';
import { exec } from '../../bench/proc/exec.ts';
import { makeExt4, uuidOf } from '../ext4.ts';
import { RIG_INSIDE } from './layer.ts';

/** Room for what a run inside writes; sparse. */
const FREE_MEBIBYTES = 12 * 1024;
const LISTING_BYTES = 16 * 1024 ** 2;
const TIMEOUT_MS = 10 * 60_000;

export interface WorkDiskOptions {
  /** An empty folder on a file system with room for everything below. */
  readonly folder: string;
  /** The project's root; what git knows of it is copied, and these folders beside. */
  readonly project: string;
  readonly beside: readonly string[];
  /** What is copied into the state folder, by the folder in it. */
  readonly state: Readonly<Record<string, readonly string[]>>;
  /** The script that runs inside, the word that it finds in the file `what`, and the Node that it uses. */
  readonly script: string;
  readonly what: string;
  readonly node: string;
  readonly signal: AbortSignal;
}

async function copyProject(project: string, target: string, beside: readonly string[], signal: AbortSignal) {
  const listing = ['git', '-C', project, 'ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await exec(listing, { signal, maxBytes: LISTING_BYTES });
  // What was deleted is listed until that is committed.
  const names = stdout.split('\0').filter((name) => name !== '' && existsSync(join(project, name)));
  const archive = `${target}.tar`;
  const pack = ['tar', '--create', `--directory=${project}`, `--file=${archive}`];
  await exec([...pack, '--null', '--files-from=-', ...beside], {
    signal,
    input: names.join('\0'),
    timeoutMs: TIMEOUT_MS,
  });
  await mkdir(target);
  await exec(['tar', '--extract', `--directory=${target}`, `--file=${archive}`], { signal, timeoutMs: TIMEOUT_MS });
  await rm(archive);
}

/** Makes the rig's second disk without mounting anything. @returns its path. @throws CommandError; InterruptedError. */
export async function makeWorkDisk(options: WorkDiskOptions): Promise<string> {
  const { folder, project, beside, state, script, what, node, signal } = options;
  const tree = join(folder, 'tree');
  const inTree = (path: string) => join(tree, path.slice(RIG_INSIDE.mount.length));
  await mkdir(tree);
  await copyProject(project, inTree(RIG_INSIDE.project), beside, signal);
  await mkdir(inTree(RIG_INSIDE.results));
  await mkdir(inTree(RIG_INSIDE.state), { mode: 0o755 });
  for (const [name, sources] of Object.entries(state)) {
    const target = join(inTree(RIG_INSIDE.state), name);
    await mkdir(target);
    const copy = ['cp', '--archive', '--sparse=always', '--target-directory', target, ...sources];
    await exec(copy, { signal, timeoutMs: TIMEOUT_MS });
  }
  await exec(['cp', script, inTree(RIG_INSIDE.script)], { signal });
  await writeFile(inTree(RIG_INSIDE.what), `${what}\n`);
  await mkdir(inTree(RIG_INSIDE.programs));
  await exec(['cp', node, join(inTree(RIG_INSIDE.programs), 'node')], { signal });
  const { stdout } = await exec(['du', '--summarize', '--block-size=1M', tree], { signal });
  const mebibytes = Number.parseInt(stdout, 10) + FREE_MEBIBYTES;
  const file = join(folder, 'work.raw');
  await writeFile(file, '');
  await truncate(file, mebibytes * 1024 ** 2);
  await makeExt4({ tree, file, offsetBytes: 0, mebibytes, uuid: uuidOf('7'.repeat(32)), epoch: RECIPE.epoch, signal });
  await rm(tree, { recursive: true, force: true });
  return file;
}

/** Copies what the script inside has left out of the disk, which nobody may be using. */
export async function readResults(disk: string, target: string, signal: AbortSignal): Promise<void> {
  await mkdir(target, { recursive: true });
  const inside = RIG_INSIDE.results.slice(RIG_INSIDE.mount.length);
  await exec(['debugfs', '-R', `rdump ${inside} ${target}`, disk], { signal, timeoutMs: TIMEOUT_MS });
}

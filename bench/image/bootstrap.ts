import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandError, InterruptedError } from '../errors.ts';
import type { ImagePackage } from '../model/image.ts';
import { INSIDE } from '../model/image.ts';
import { compileStatic } from '../proc/compile.ts';
import { exec } from '../proc/exec.ts';
import { makeFolder } from './folder.ts';
import { installedPackages } from './packages.ts';
import { PROBE_SOURCE, RECIPE } from './recipe.ts';
import { hostAptOptions, hostSources, sourceLines } from './sources.ts';

const INSTALL_TIMEOUT_MS = 30 * 60_000;

/**
 * Namespaces of its own, whose first process dies with tare: even after SIGKILL nothing goes on writing, and no mount that
 * the installation made was ever visible on the host.
 */
export const CONTAINED = [
  ...['setpriv', '--pdeathsig', 'KILL', '--'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--propagation', 'private', '--'],
] as const;

export interface BootstrapOptions {
  readonly signal: AbortSignal;
  /** A mirror's URI or a whole `deb` line, instead of the host's own sources. */
  readonly mirror?: string;
}

/**
 * Installs the recipe's packages into a new folder. Services are not started: mmdebstrap forbids it to package scripts.
 * apt's indexes are left there, for `readPackages`.
 * @throws CommandError of mmdebstrap with a hint; InterruptedError.
 */
export async function installPackages(tree: string, options: BootstrapOptions): Promise<void> {
  const sources = options.mirror === undefined ? sourceLines(hostSources(), RECIPE) : [options.mirror];
  const aptOptions = await hostAptOptions(options.signal);
  const argv = [
    ...CONTAINED,
    'mmdebstrap',
    ...['--mode=root', '--format=directory', '--architectures=amd64', `--variant=${RECIPE.variant}`],
    ...[`--components=${RECIPE.components.join(',')}`, `--include=${RECIPE.include.join(',')}`],
    ...aptOptions.map((option) => `--aptopt=${option}`),
    '--skip=cleanup/apt/lists',
    ...[RECIPE.suite, tree, ...sources],
  ];
  try {
    await exec(argv, {
      signal: options.signal,
      timeoutMs: INSTALL_TIMEOUT_MS,
      env: { SOURCE_DATE_EPOCH: String(RECIPE.epoch) },
      maxBytes: 16 * 1024 * 1024,
    });
  } catch (error) {
    if (error instanceof InterruptedError) {
      throw new InterruptedError('INTERRUPTED', 'the installation of the packages was interrupted', { cause: error });
    }
    if (!(error instanceof CommandError) || error.code !== 'COMMAND_FAILED') throw error;
    const errors = String(error.details['stderr'])
      .split('\n')
      .filter((line) => line.startsWith('E: '))
      .slice(-3);
    throw new CommandError('IMAGE_INSTALL', `mmdebstrap could not install the packages: ${errors.join(' ')}`, {
      details: error.details,
      hint: 'check that a Debian mirror is reachable (apt-get update), or name one: tare image build --mirror URI; on Ubuntu: apt-get install debian-archive-keyring',
      cause: error,
    });
  }
}

/** The tree's packages with the hashes that apt's indexes in it state. */
export async function readPackages(tree: string): Promise<readonly ImagePackage[]> {
  const lists = join(tree, 'var/lib/apt/lists');
  const names = (await readdir(lists)).filter((name) => name.endsWith('_Packages')).toSorted();
  const indexes = await Promise.all(names.map((name) => readFile(join(lists, name), 'utf8')));
  return installedPackages(await readFile(join(tree, 'var/lib/dpkg/status'), 'utf8'), indexes);
}

/** Compiles the probe; the first step of a build, so that a missing compiler is found before anything is downloaded. */
export async function compileProbe(file: string, signal: AbortSignal): Promise<void> {
  await compileStatic(PROBE_SOURCE, file, signal);
}

/** Moves the probe into the tree, and makes what every instance finds at a fixed place. */
export async function addOurs(tree: string, probe: string, signal: AbortSignal): Promise<void> {
  for (const folder of RECIPE.folders) makeFolder(join(tree, folder));
  for (const [path, contents] of Object.entries(RECIPE.files)) {
    await rm(join(tree, path), { force: true });
    makeFolder(dirname(join(tree, path)));
    await writeFile(join(tree, path), contents);
    await chmod(join(tree, path), 0o644);
  }
  await rename(probe, join(tree, INSIDE.probe));
  for (const [name, [major, minor]] of Object.entries(RECIPE.devices)) {
    const path = join(tree, 'dev', name);
    await rm(path, { force: true });
    await exec(['mknod', '--mode=0666', path, 'c', String(major), String(minor)], { signal });
  }
}

/** Removes what the recipe names as belonging to one build, one mirror or one host. */
export async function removeTraces(tree: string, signal: AbortSignal): Promise<void> {
  for (const folder of RECIPE.emptied) {
    await exec(['find', join(tree, folder), '-xdev', '-mindepth', '1', '!', '-type', 'd', '-delete'], { signal });
  }
  for (const path of RECIPE.removed) await rm(join(tree, path), { force: true });
}

/**
 * Takes set-user-id and set-group-id from programs: everything inside runs as root and needs none of them, and no program
 * in a folder that every user of the host can reach should raise anybody's rights.
 */
export async function dropSetIds(tree: string, signal: AbortSignal): Promise<void> {
  await exec(['find', tree, '-xdev', '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'u-s,g-s', '{}', '+'], {
    signal,
  });
}

/** Gives every entry the recipe's time, last of all. */
export async function fixTimes(tree: string, signal: AbortSignal): Promise<void> {
  const touch = ['touch', '--no-dereference', `--date=@${RECIPE.epoch}`, '{}', '+'];
  await exec(['find', tree, '-xdev', '-depth', '-exec', ...touch], { signal });
}

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandError } from '../../errors.ts';
import type { Image } from '../../model/image.ts';
import { compileStatic } from '../../proc/compile.ts';
import { type CommandResult, exec } from '../../proc/exec.ts';
import { CONTAINED } from '../bootstrap.ts';
import { RECIPE } from '../recipe.ts';
import { hostAptOptions, hostSources, sourceLines } from '../sources.ts';
import { HOSTNAME_FILE, MACHINE_ID_FILE, type SystemLayer } from './layer.ts';

const INSTALL_TIMEOUT_MS = 30 * 60_000;

/** Runs a program of the tree inside it, in namespaces that end with tare. */
export async function inTree(tree: string, argv: readonly string[], signal: AbortSignal): Promise<CommandResult> {
  return await exec([...CONTAINED, 'chroot', tree, ...argv], {
    signal,
    timeoutMs: INSTALL_TIMEOUT_MS,
    maxBytes: 16 * 1024 * 1024,
    env: { SOURCE_DATE_EPOCH: String(RECIPE.epoch) },
  });
}

/** Lays out what we add as a small tree of its own, which the installer then unpacks inside the other one. */
async function stage(folder: string, layer: SystemLayer, signal: AbortSignal): Promise<void> {
  const place = async (path: string) => {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    return target;
  };
  await mkdir(folder, { mode: 0o755 });
  for (const [path, text] of Object.entries(layer.files)) {
    const target = await place(path);
    await writeFile(target, text);
    await chmod(target, 0o644);
  }
  for (const [path, target] of Object.entries(layer.links)) await symlink(target, await place(path));
  for (const [path, source] of Object.entries(layer.programs)) await compileStatic(source, await place(path), signal);
}

async function installPackages(
  tree: string,
  staged: string,
  packages: readonly string[],
  suite: string,
  signal: AbortSignal,
): Promise<void> {
  const { components } = RECIPE;
  const aptOptions = [...(await hostAptOptions(signal)), 'APT::Install-Recommends "false";'];
  const argv = [
    ...CONTAINED,
    ...['mmdebstrap', '--mode=root', '--format=directory', '--architectures=amd64', '--variant=custom'],
    // The tree is there already; ours comes first, so that the packages' scripts find it.
    ...['--skip=check/empty', `--setup-hook=sync-in "${staged}" /`],
    ...[`--components=${components.join(',')}`, `--include=${packages.join(',')}`],
    ...aptOptions.map((option) => `--aptopt=${option}`),
    ...[suite, tree, ...sourceLines(hostSources(), { suite, components })],
  ];
  const env = { SOURCE_DATE_EPOCH: String(RECIPE.epoch) };
  try {
    await exec(argv, { signal, timeoutMs: INSTALL_TIMEOUT_MS, maxBytes: 16 * 1024 * 1024, env });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'COMMAND_FAILED') throw error;
    throw new CommandError('SYSTEM_INSTALL', `could not install the full system's packages: ${error.message}`, {
      details: error.details,
      hint: 'check that a Debian mirror is reachable (apt-get update)',
      cause: error,
    });
  }
}

/** One package that a system has beyond the image's tree, or in another version. */
export interface AddedPackage {
  readonly name: string;
  readonly version: string;
}

async function addedPackages(tree: string, image: Image, signal: AbortSignal): Promise<readonly AddedPackage[]> {
  const { stdout } = await inTree(tree, ['dpkg-query', '--show', '--showformat=${Package} ${Version}\\n'], signal);
  const before = new Set(image.manifest.packages.map(({ name, version }) => `${name} ${version}`));
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !before.has(line))
    .map((line) => {
      const [name = '', version = ''] = line.split(' ');
      return { name, version };
    });
}

/** Removes every file below a folder of the tree; the folders below it stay. */
async function emptyInTree(tree: string, folder: string, signal: AbortSignal): Promise<void> {
  await inTree(tree, ['find', folder, '-xdev', '-mindepth', '1', '!', '-type', 'd', '-delete'], signal);
}

/**
 * Lays packages and our own files over a copy of the image's tree. What runs in the copy runs in namespaces of its own, and no
 * path of the copy is followed on the host. `settleTree` has to follow.
 * @param layer with `HOSTNAME_FILE` and `MACHINE_ID_FILE` among its files.
 * @param tree is made, and beside it a folder with `-added` to its name.
 * @returns the packages that were added.
 * @throws CommandError `SYSTEM_INSTALL`; InterruptedError.
 */
export async function layTree(
  image: Image,
  tree: string,
  layer: SystemLayer,
  signal: AbortSignal,
): Promise<readonly AddedPackage[]> {
  const staged = `${tree}-added`;
  await stage(staged, layer, signal);
  await exec(['cp', '--archive', '--reflink=auto', image.tree, tree], { signal });
  await emptyInTree(tree, '/dev', signal);
  await installPackages(tree, staged, layer.packages, image.manifest.recipe.suite, signal);
  return await addedPackages(tree, image, signal);
}

/** Removes what tells one build from another, and what would be done at the first boot. */
export async function settleTree(
  tree: string,
  { emptied, removed }: { readonly emptied: readonly string[]; readonly removed: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  for (const folder of emptied) await emptyInTree(tree, folder, signal);
  await inTree(tree, ['rm', '--force', '--', ...removed, '/etc/hostname', '/etc/resolv.conf'], signal);
  // The installer may have taken these from the host.
  await inTree(tree, ['cp', HOSTNAME_FILE, '/etc/hostname'], signal);
  await inTree(tree, ['cp', MACHINE_ID_FILE, '/etc/machine-id'], signal);
  await inTree(tree, ['truncate', '--size=0', '/etc/resolv.conf'], signal);
  // Newer than /usr: systemd then has nothing to update at the first boot.
  await inTree(tree, ['touch', '/etc/.updated', '/var/.updated'], signal);
}

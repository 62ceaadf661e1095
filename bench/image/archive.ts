import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../proc/exec.ts';
import { makeFolder } from './folder.ts';
import { hashFile } from './listing.ts';
import { RECIPE } from './recipe.ts';

export const TREE_ARCHIVE = 'tree.tar';
export const COMPRESSED_ARCHIVE = 'tree.tar.gz';

/** Sorted names, numeric owners, one time for all: the same tree gives the same bytes. */
function createArgv(tree: string, file: string): readonly string[] {
  return [
    ...['tar', '--create', `--file=${file}`, `--directory=${tree}`, '--format=gnu', '--sort=name'],
    ...['--numeric-owner', `--mtime=@${RECIPE.epoch}`, '--one-file-system'],
  ];
}

/** Packs a tree so that the same tree gives the same bytes. */
export async function packTree(tree: string, file: string, signal: AbortSignal): Promise<void> {
  await exec([...createArgv(tree, file), '.'], { signal });
}

/** Packs only these entries of a tree, by their paths in its listing; folders without what is below them. */
export async function packEntries(
  tree: string,
  paths: readonly string[],
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await exec([...createArgv(tree, file), '--no-recursion', '--null', '--verbatim-files-from', '--files-from=-'], {
    signal,
    input: paths.map((path) => `./${path}\0`).join(''),
  });
}

/** Unpacks what `packTree` wrote into a new folder, with owners and modes. */
export async function unpackArchive(file: string, tree: string, signal: AbortSignal): Promise<void> {
  makeFolder(tree);
  await exec(
    [
      ...['tar', '--extract', '--same-owner', '--same-permissions', '--numeric-owner'],
      ...[`--directory=${tree}`, `--file=${file}`],
    ],
    { signal },
  );
}

/** Writes `<file>.gz` beside the file as registries ship layers: gzip's default level, no name, no time. */
export async function compress(file: string, signal: AbortSignal): Promise<void> {
  await exec(['gzip', '-6', '--no-name', '--keep', '--force', file], { signal });
}

/** SHA-256 and bytes of the artefacts in an image's folder. */
export async function artefactsOf(
  folder: string,
): Promise<Record<string, { readonly sha256: string; readonly bytes: number }>> {
  const names = [TREE_ARCHIVE, COMPRESSED_ARCHIVE];
  const facts = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return [name, { sha256: await hashFile(path), bytes: (await stat(path)).size }] as const;
    }),
  );
  return Object.fromEntries(facts);
}

import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError, messageOf, ParseError, ResourceError } from '../errors.ts';
import type { Image, ImageManifest } from '../model/image.ts';
import { exec } from '../proc/exec.ts';
import { artefactsOf, compress, TREE_ARCHIVE } from './archive.ts';
import { checkExport, checkTree, checkTreeNames } from './hostile.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { hashFile, listingDigest, listTree } from './listing.ts';
import { lockStore } from './lock.ts';
import { RECIPE } from './recipe.ts';
import {
  commitImage,
  imagesDir,
  MANIFEST_FILE,
  openStore,
  readManifest,
  startUnfinished,
  unfinishedFolder,
} from './store.ts';

const MANIFEST_BYTES = 16 * 1024 ** 2;
const TREE_BYTES = 16 * 1024 ** 3;
/** Room for names: an import of millions of entries is refused. */
const LISTING_BYTES = 64 * 1024 ** 2;
/** The tree, its tar and the compressed tar, in units of the tar. */
const COPIES = 3;

export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

function digestError(what: string, hint: string): ParseError {
  return new ParseError('IMAGE_DIGEST', what, { hint });
}

/**
 * Writes an image as one file: a zstd-compressed tar of image.json and tree.tar. A file of that name is replaced at the end.
 * @throws ParseError `IMAGE_DIGEST` when the image's archive was changed; CommandError where the file can't be written.
 */
export async function exportImage(image: Image, file: string, options: TransferOptions = {}): Promise<void> {
  const target = resolve(file);
  const part = `${target}.part-${process.pid}`;
  if ((await hashFile(image.archive)) !== image.manifest.artefacts[TREE_ARCHIVE]?.sha256) {
    throw digestError(`${image.archive} is not what was built`, `remove ${image.folder} and build or import it again`);
  }
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(part, { force: true }));
  await exec(
    [
      ...['tar', '--create', '--zstd', `--file=${part}`, `--directory=${image.folder}`, '--format=gnu'],
      ...['--owner=0', '--group=0', '--numeric-owner', '--mode=0644', `--mtime=@${RECIPE.epoch}`],
      ...[MANIFEST_FILE, TREE_ARCHIVE],
    ],
    options.signal === undefined ? {} : { signal: options.signal },
  );
  await rename(part, target);
}

/** What tar says about a file that came from outside. @throws ParseError `IMAGE_ARCHIVE` where it is no such archive. */
async function tar(argv: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await exec(['tar', ...argv], { signal, maxBytes: LISTING_BYTES });
    return stdout;
  } catch (error) {
    if (!(error instanceof CommandError) || !['COMMAND_FAILED', 'OUTPUT_TOO_LARGE'].includes(error.code)) throw error;
    throw new ParseError('IMAGE_ARCHIVE', `not an exported image: ${messageOf(error)}`, { cause: error });
  }
}

async function list(file: string, verbose: boolean, signal: AbortSignal, ...more: readonly string[]): Promise<string> {
  const detail = verbose ? ['--verbose', '--numeric-owner'] : [];
  return tar(['--list', ...detail, '--quoting-style=escape', ...more, `--file=${file}`], signal);
}

/** Unpacks image.json and tree.tar into the folder, and nothing else. */
async function unpackExport(file: string, folder: string, signal: AbortSignal): Promise<ImageManifest> {
  await tar(
    [
      ...['--extract', '--zstd', `--file=${file}`, `--directory=${folder}`, '--no-same-owner', '--no-same-permissions'],
      ...[MANIFEST_FILE, TREE_ARCHIVE],
    ],
    signal,
  );
  const manifest = await readManifest(folder);
  const archive = join(folder, TREE_ARCHIVE);
  if ((await hashFile(archive)) !== manifest.artefacts[TREE_ARCHIVE]?.sha256) {
    throw digestError(`${TREE_ARCHIVE} does not have the hash that ${MANIFEST_FILE} states`, 'copy or export it again');
  }
  return manifest;
}

/** Unpacks the tree and holds it against the digest. */
async function unpackTree(folder: string, digest: string, signal: AbortSignal): Promise<void> {
  const archive = join(folder, TREE_ARCHIVE);
  const tree = join(folder, 'tree');
  const { size } = await stat(archive);
  checkTreeNames(await list(archive, false, signal), await list(archive, true, signal), size);
  makeFolder(tree);
  // tar itself refuses to leave the folder, by names or through links that it has just made.
  await tar(
    ['--extract', '--same-owner', '--same-permissions', '--numeric-owner', `--directory=${tree}`, `--file=${archive}`],
    signal,
  );
  const entries = await listTree(tree);
  checkTree(entries);
  const found = listingDigest(entries);
  if (found === digest) return;
  throw digestError(
    `the tree's digest is ${found}, not ${digest} as ${MANIFEST_FILE} states`,
    'copy or export it again',
  );
}

/**
 * Takes an exported file into the store, and makes it the current image of its recipe. The file is not trusted: what it holds
 * is checked before and after unpacking, and whatever is wrong leaves nothing.
 * @throws ParseError `IMAGE_ARCHIVE`, `IMAGE_MANIFEST`, `IMAGE_DIGEST`; ResourceError `NO_FILE`, `NOT_ROOT`, `NO_SPACE`;
 * InterruptedError.
 */
export async function importImage(file: string, stateDir: string, options: TransferOptions = {}): Promise<Image> {
  const signal = options.signal ?? new AbortController().signal;
  const onProgress = options.onProgress ?? (() => {});
  const source = resolve(file);
  await stat(source).catch((cause: unknown) => {
    throw new ResourceError('NO_FILE', `cannot read ${source}: ${messageOf(cause)}`, { cause });
  });
  if (process.getuid?.() !== 0) {
    throw new ResourceError('NOT_ROOT', 'importing an image needs root: its files have many owners', {
      hint: 'run it with sudo',
    });
  }
  onProgress('checking what the file holds');
  const [manifestBytes, treeBytes] = checkExport(await list(source, true, signal, '--zstd'), [
    MANIFEST_FILE,
    TREE_ARCHIVE,
  ]);
  if (manifestBytes > MANIFEST_BYTES || treeBytes > TREE_BYTES)
    throw new ParseError('IMAGE_ARCHIVE', 'refused: it is too large');
  await openStore(stateDir, treeBytes * COPIES);
  await using cleanup = new AsyncDisposableStack();
  const onWait = () => onProgress('waiting for another process that builds or imports an image');
  cleanup.use(await lockStore(imagesDir(stateDir), signal, onWait));
  const folder = unfinishedFolder(stateDir);
  cleanup.defer(() => removeFolder(folder));
  await startUnfinished(stateDir);
  onProgress('unpacking');
  const manifest = await unpackExport(source, folder, signal);
  await unpackTree(folder, manifest.digest, signal);
  onProgress(`digest ${manifest.digest} is right; compressing, as registries do`);
  await compress(join(folder, TREE_ARCHIVE), signal);
  // Another gzip may give other bytes: the manifest states those that are here.
  const here: ImageManifest = { ...manifest, artefacts: await artefactsOf(folder) };
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(here, null, 2)}\n`);
  return await commitImage(stateDir, folder);
}

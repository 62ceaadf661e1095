import { createHash } from 'node:crypto';
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, ParseError, UnsupportedError } from '../errors.ts';
import { type Image, type ImageLayer, NODE_LAYER } from '../model/image.ts';
import type { Flavour } from '../model/workload.ts';
import { exec } from '../proc/exec.ts';
import { TREE_ARCHIVE, unpackArchive } from './archive.ts';
import { makeFolder } from './folder.ts';
import { hashFile } from './listing.ts';
import { recipeId } from './recipe.ts';

export const FLAVOURS: readonly Flavour[] = ['base', 'node'];

/** Raise it when the code here changes what comes out. */
const REVISION = 1;
const TRY_TIMEOUT_MS = 60_000;

const SUITE_SOURCES = fileURLToPath(new URL('../workloads/suite/', import.meta.url));
/** The package's folder, of which the layer takes what runs and the licence. */
const TINYBENCH = dirname(dirname(fileURLToPath(import.meta.resolve('tinybench'))));

/** One file of a layer. */
interface LayerFile {
  /** In the tree, absolute. */
  readonly path: string;
  /** On this host. */
  readonly source: string;
  readonly mode: number;
}

const suiteFolder = dirname(NODE_LAYER.runner);

const SUITE_FILES = ['run.ts', 'bounded.ts', 'shipped.bench.ts'].map((name): LayerFile => {
  return { path: `${suiteFolder}/${name}`, source: join(SUITE_SOURCES, name), mode: 0o644 };
});

const FILES: readonly LayerFile[] = [
  { path: NODE_LAYER.node, source: process.execPath, mode: 0o755 },
  { path: `${suiteFolder}/package.json`, source: join(SUITE_SOURCES, 'package.json'), mode: 0o644 },
  ...SUITE_FILES,
  ...['package.json', 'LICENSE', 'dist/index.js'].map((name): LayerFile => {
    return { path: `${suiteFolder}/node_modules/tinybench/${name}`, source: join(TINYBENCH, name), mode: 0o644 };
  }),
];

let hashes: Promise<readonly string[]> | undefined;

/** SHA-256 of every file of the layer, in order; read once, since Node itself is large. */
function fileHashes(): Promise<readonly string[]> {
  hashes ??= Promise.all(FILES.map(({ source }) => hashFile(source)));
  return hashes;
}

/** As `recipeId`, of any flavour: for one with a layer, over the base's recipe and every file of the layer. */
export async function flavourId(flavour: Flavour): Promise<string> {
  if (flavour === 'base') return recipeId();
  const contents = await fileHashes();
  const files = FILES.map(({ path, mode }, index) => [path, mode, contents[index]]);
  return createHash('sha256')
    .update(JSON.stringify([recipeId(), flavour, REVISION, files]))
    .digest('hex');
}

/** What the layer adds, as people name it. */
async function added(): Promise<ImageLayer['adds']> {
  const contents = await fileHashes();
  const suite = createHash('sha256');
  FILES.forEach((file, index) => SUITE_FILES.includes(file) && suite.update(contents[index] ?? ''));
  const { version } = JSON.parse(await readFile(join(TINYBENCH, 'package.json'), 'utf8')) as { version: string };
  return { node: process.versions.node, tinybench: version, suite: suite.digest('hex').slice(0, 12) };
}

/** Runs what was added, in the tree: a host's own Node may need libraries that the base has not. */
async function assertRuns(tree: string, signal: AbortSignal): Promise<void> {
  const argv = [NODE_LAYER.node, NODE_LAYER.runner, '--names', NODE_LAYER.shipped];
  try {
    const { stdout } = await exec(['chroot', tree, ...argv], { signal, timeoutMs: TRY_TIMEOUT_MS });
    if (stdout.startsWith('{')) return;
    throw new ParseError('NODE_OUTPUT', 'it did not name the tasks of its suite');
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new UnsupportedError(
      'NODE_NOT_PORTABLE',
      `${process.execPath} does not run in the image: ${messageOf(cause)}`,
      { hint: 'run tare with the Node of nodejs.org, which needs only libraries that the image has', cause },
    );
  }
}

/**
 * Makes a new tree of the base's and the layer of the flavour `node`: the Node that tare runs with, tinybench, and the suite
 * with its runner. The base comes from its archive, whose hash is known, since a tree may have been written to. Times are
 * left to the caller.
 * @throws ParseError `IMAGE_DIGEST`; UnsupportedError `NODE_NOT_PORTABLE`; CommandError; InterruptedError.
 */
export async function layNode(base: Image, tree: string, signal: AbortSignal): Promise<ImageLayer> {
  if ((await hashFile(base.archive)) !== base.manifest.artefacts[TREE_ARCHIVE]?.sha256) {
    throw new ParseError('IMAGE_DIGEST', `${base.archive} is not what was built`, {
      hint: `remove ${base.folder} and build or import it again`,
    });
  }
  await unpackArchive(base.archive, tree, signal);
  for (const { path, source, mode } of FILES) {
    const target = join(tree, path);
    makeFolder(dirname(target));
    await copyFile(source, target);
    await chmod(target, mode);
  }
  await assertRuns(tree, signal);
  return { on: base.manifest.digest, adds: await added() };
}

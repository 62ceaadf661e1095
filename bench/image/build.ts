import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ResourceError, UnsupportedError } from '../errors.ts';
import type { Image, ImageManifest } from '../model/image.ts';
import type { Flavour } from '../model/workload.ts';
import { artefactsOf, compress, packTree, TREE_ARCHIVE } from './archive.ts';
import {
  addOurs,
  compileProbe,
  type BootstrapOptions,
  dropSetIds,
  fixTimes,
  installPackages,
  readPackages,
  removeTraces,
} from './bootstrap.ts';
import { flavourId, layNode } from './flavour.ts';
import { removeFolder } from './folder.ts';
import { listingDigest, listTree } from './listing.ts';
import { lockStore } from './lock.ts';
import { RECIPE } from './recipe.ts';
import {
  commitImage,
  currentImage,
  imagesDir,
  MANIFEST_FILE,
  openStore,
  startUnfinished,
  unfinishedFolder,
} from './store.ts';

/** Free space that a build needs: tree, archives and what the installation downloads. */
const NEEDED_BYTES = 2 * 1024 ** 3;

export interface BuildOptions extends BootstrapOptions {
  readonly stateDir: string;
  /** Default: `base`. */
  readonly flavour?: Flavour;
  /** Gets one line at each step. */
  readonly onProgress: (line: string) => void;
}

function assertHost(): void {
  if (process.arch !== 'x64') {
    throw new UnsupportedError('ARCHITECTURE', `images are built for x86-64, this host is ${process.arch}`);
  }
  if (process.getuid?.() !== 0) {
    throw new ResourceError(
      'NOT_ROOT',
      'building an image needs root: it makes device nodes and files of many owners',
      {
        hint: 'run it with sudo',
      },
    );
  }
}

/** What a manifest says of how its tree came about. */
type Made = Pick<ImageManifest, 'recipe' | 'packages' | 'flavour' | 'layer'>;

async function makeBase(tree: string, probe: string, id: string, options: BuildOptions): Promise<Made> {
  const { signal, onProgress } = options;
  const { suite, variant, include } = RECIPE;
  await compileProbe(probe, signal);
  onProgress(`installing Debian ${suite} with ${include.join(', ')} (half a minute to two minutes)`);
  await installPackages(tree, options);
  const packages = await readPackages(tree);
  onProgress(`${packages.length} packages installed; adding the probe, removing traces of this build`);
  await addOurs(tree, probe, signal);
  await removeTraces(tree, signal);
  await dropSetIds(tree, signal);
  return { recipe: { id, suite, variant, include }, packages };
}

async function makeNode(tree: string, base: Image, id: string, options: BuildOptions): Promise<Made> {
  options.onProgress(`adding Node ${process.versions.node}, tinybench and its suite to ${base.manifest.digest}`);
  const layer = await layNode(base, tree, options.signal);
  return { flavour: 'node', layer, recipe: { ...base.manifest.recipe, id }, packages: base.manifest.packages };
}

/** Turns a tree that is as it should be, but for its times, into an image. */
async function finish(folder: string, made: Made, options: BuildOptions): Promise<Image> {
  const { stateDir, signal, onProgress } = options;
  const tree = join(folder, 'tree');
  await fixTimes(tree, signal);
  const listing = await listTree(tree);
  const digest = listingDigest(listing);
  onProgress(`${listing.length} entries, digest ${digest}; packing`);
  await packTree(tree, join(folder, TREE_ARCHIVE), signal);
  onProgress('compressing, as registries do');
  await compress(join(folder, TREE_ARCHIVE), signal);
  const { flavour, layer, recipe, packages } = made;
  const manifest: ImageManifest = {
    schema: 1,
    digest,
    ...(flavour === undefined ? {} : { flavour }),
    ...(layer === undefined ? {} : { layer }),
    recipe,
    createdAt: new Date().toISOString(),
    architecture: 'amd64',
    packages,
    artefacts: await artefactsOf(folder),
  };
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return await commitImage(stateDir, folder);
}

/**
 * The image of this tare's recipe in one flavour: the one that is there, or a new one; for a flavour with a layer its base
 * comes first. A build that is cut leaves nothing that counts as an image, and the next one removes its leftovers. Two builds
 * at once: the second waits and takes the first's image.
 * @throws UnsupportedError, ResourceError `NOT_ROOT`, `NO_SPACE`, CommandError `IMAGE_INSTALL`, InterruptedError.
 */
export async function buildImage(options: BuildOptions): Promise<Image> {
  const { stateDir, signal, onProgress, flavour = 'base' } = options;
  const id = await flavourId(flavour);
  const existing = await currentImage(stateDir, id);
  if (existing) return existing;
  assertHost();
  const base = flavour === 'base' ? undefined : await buildImage({ ...options, flavour: 'base' });
  await openStore(stateDir, NEEDED_BYTES);
  await using cleanup = new AsyncDisposableStack();
  const onWait = () => onProgress('waiting for another process that builds or imports an image');
  cleanup.use(await lockStore(imagesDir(stateDir), signal, onWait));
  const others = await currentImage(stateDir, id);
  if (others) return others;
  const folder = unfinishedFolder(stateDir);
  cleanup.defer(() => removeFolder(folder));
  await startUnfinished(stateDir);
  const tree = join(folder, 'tree');
  const made = base
    ? await makeNode(tree, base, id, options)
    : await makeBase(tree, join(folder, 'probe'), id, options);
  return await finish(folder, made, options);
}

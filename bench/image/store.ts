import { readdir, readFile, readlink, rename, rm, stat, statfs, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigError, messageOf, ParseError, ResourceError } from '../errors.ts';
import type { Image, ImageManifest } from '../model/image.ts';
import { exec } from '../proc/exec.ts';
import { COMPRESSED_ARCHIVE, TREE_ARCHIVE } from './archive.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { listingDigest, listTree } from './listing.ts';
import { recipeId } from './recipe.ts';

const HASH = /^[0-9a-f]{64}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const FOLDER = /^[0-9a-f]{16}$/;
/** Folders under this prefix are unfinished and count for nothing. */
const UNFINISHED = '.building-';
export const MANIFEST_FILE = 'image.json';

const manifestSchema = z.strictObject({
  schema: z.literal(1),
  digest: z.string().regex(DIGEST),
  flavour: z.enum(['base', 'node']).exactOptional(),
  layer: z
    .strictObject({ on: z.string().regex(DIGEST), adds: z.record(z.string().max(64), z.string().max(64)) })
    .exactOptional(),
  recipe: z.strictObject({
    id: z.string().regex(HASH),
    suite: z.string().max(64),
    variant: z.string().max(64),
    include: z.array(z.string().max(128)).max(1000),
  }),
  createdAt: z.iso.datetime(),
  architecture: z.literal('amd64'),
  packages: z
    .array(
      z.strictObject({
        name: z.string().max(256),
        version: z.string().max(256),
        architecture: z.string().max(32),
        sha256: z.string().regex(HASH).nullable(),
      }),
    )
    .max(20_000),
  artefacts: z.record(
    z.string().max(64),
    z.strictObject({ sha256: z.string().regex(HASH), bytes: z.number().int().nonnegative() }),
  ),
});

/** First 16 hex digits. */
function folderName(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 16);
}

/** Where the images of a state directory are. */
export function imagesDir(stateDir: string): string {
  return join(stateDir, 'images');
}

/** @throws ParseError `IMAGE_MANIFEST`. */
export function parseManifest(text: string): ImageManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ParseError('IMAGE_MANIFEST', `${MANIFEST_FILE} is not an image's: ${messageOf(error)}`, { cause: error });
  }
}

/** The manifest in an image's folder. @throws ParseError `IMAGE_MANIFEST`; the file system's errors. */
export async function readManifest(folder: string): Promise<ImageManifest> {
  return parseManifest(await readFile(join(folder, MANIFEST_FILE), 'utf8'));
}

async function readImage(folder: string): Promise<Image> {
  return {
    manifest: await readManifest(folder),
    folder,
    tree: join(folder, 'tree'),
    archive: join(folder, TREE_ARCHIVE),
    compressedArchive: join(folder, COMPRESSED_ARCHIVE),
  };
}

async function readIfComplete(folder: string): Promise<Image | undefined> {
  try {
    const image = await readImage(folder);
    await Promise.all([image.tree, image.archive, image.compressedArchive].map((path) => stat(path)));
    return image;
  } catch {
    return undefined;
  }
}

/** Every complete image of the store, oldest first. */
export async function listImages(stateDir: string): Promise<readonly Image[]> {
  let names: readonly string[];
  try {
    names = await readdir(imagesDir(stateDir));
  } catch {
    return [];
  }
  const folders = names.filter((name) => FOLDER.test(name)).map((name) => join(imagesDir(stateDir), name));
  const images = await Promise.all(folders.map(readIfComplete));
  return images
    .filter((image) => image !== undefined)
    .toSorted((a, b) => a.manifest.createdAt.localeCompare(b.manifest.createdAt));
}

/** The image of exactly this digest in the same store; undefined where it is not there. */
export async function imageBeside(image: Image, digest: string): Promise<Image | undefined> {
  const found = await readIfComplete(join(dirname(image.folder), folderName(digest)));
  return found?.manifest.digest === digest ? found : undefined;
}

function pointer(stateDir: string, id: string): string {
  return join(imagesDir(stateDir), `current-${id.slice(0, 16)}`);
}

/** The image that a recipe made or that was imported for it; undefined where there is none. @param id the recipe's. */
export async function currentImage(stateDir: string, id: string): Promise<Image | undefined> {
  const name = await readlink(pointer(stateDir, id)).catch(() => '');
  if (!FOLDER.test(name)) return undefined;
  const image = await readIfComplete(join(imagesDir(stateDir), name));
  return image?.manifest.recipe.id === id ? image : undefined;
}

/**
 * The image whose digest begins so (with or without `sha256:`); without a prefix the one that this tare's recipe made.
 * Undefined where there is none.
 * @throws ConfigError `IMAGE_AMBIGUOUS` when several begin so.
 */
export async function findImage(stateDir: string, digestPrefix?: string): Promise<Image | undefined> {
  if (digestPrefix === undefined) return currentImage(stateDir, recipeId());
  const hex = digestPrefix.replace(/^sha256:/, '');
  const found = (await listImages(stateDir)).filter(({ manifest }) =>
    manifest.digest.slice('sha256:'.length).startsWith(hex),
  );
  if (found.length > 1) {
    throw new ConfigError('IMAGE_AMBIGUOUS', `${found.length} images begin with ${digestPrefix}`, {
      hint: 'give more digits; tare image list shows them',
    });
  }
  return found[0];
}

/**
 * Compares the tree on disk with its digest; takes a second or two.
 * @throws ParseError `IMAGE_DIGEST` when the tree is not what it was.
 */
export async function verifyImage(image: Image): Promise<void> {
  const digest = listingDigest(await listTree(image.tree));
  if (digest === image.manifest.digest) return;
  throw new ParseError('IMAGE_DIGEST', `the tree's digest is ${digest}, not ${image.manifest.digest}`, {
    hint: `somebody changed it: remove ${image.folder} and build or import it again`,
  });
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}

/**
 * Makes the store's folder; every folder that it makes can be entered by all, since libvirt's own user must get in.
 * @throws ResourceError `NO_SPACE` when less than `needBytes` are free; `STATE_DIR` when it cannot be made.
 */
export async function openStore(stateDir: string, needBytes: number): Promise<string> {
  const folder = imagesDir(stateDir);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new ResourceError('STATE_DIR', `cannot make ${folder}: ${messageOf(error)}`, {
      hint: 'run as root, or choose another folder with --state',
      cause: error,
    });
  }
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= needBytes) return folder;
  throw new ResourceError('NO_SPACE', `${folder} has ${mib(freeBytes)} free, an image needs ${mib(needBytes)}`, {
    hint: 'free some space, or choose a folder on another disk with --state',
    details: { freeBytes, needBytes },
  });
}

/** Where this process makes an image before it counts as one. */
export function unfinishedFolder(stateDir: string): string {
  return join(imagesDir(stateDir), `${UNFINISHED}${process.pid}`);
}

/** Makes that folder, after removing what killed builds left. Only for the holder of the lock. */
export async function startUnfinished(stateDir: string): Promise<void> {
  const store = imagesDir(stateDir);
  for (const name of await readdir(store)) {
    if (name.startsWith(UNFINISHED)) await removeFolder(join(store, name));
  }
  makeFolder(unfinishedFolder(stateDir));
}

/**
 * Turns an unfinished folder into the image that it holds, at once, and makes it the current one of its recipe. An equal
 * image that is there already stays. Only for the holder of the lock.
 */
export async function commitImage(stateDir: string, unfinished: string): Promise<Image> {
  const { manifest } = await readImage(unfinished);
  const name = folderName(manifest.digest);
  const folder = join(imagesDir(stateDir), name);
  await exec(['sync', '--file-system', unfinished]);
  if ((await readIfComplete(folder)) === undefined) {
    await removeFolder(folder);
    await rename(unfinished, folder);
  }
  const link = pointer(stateDir, manifest.recipe.id);
  const fresh = `${link}.new`;
  await rm(fresh, { force: true });
  await symlink(name, fresh);
  await rename(fresh, link);
  return readImage(folder);
}

import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Image } from '../../model/image.ts';
import { compress, packTree } from '../archive.ts';
import { cached } from '../cache.ts';
import { removeFolder } from '../folder.ts';
import { listingDigest, listTree } from '../listing.ts';
import { layTree, settleTree } from './install.ts';
import { EMPTIED, REMOVED, type SystemLayer } from './layer.ts';

/** Raise it when the code here changes what comes out. */
const REVISION = 1;

const MANIFEST = 'system.json';
const manifestSchema = z.strictObject({
  schema: z.literal(1),
  /** The image that it was made of. */
  image: z.string(),
  /** As an image's digest, over the whole tree of the system. */
  digest: z.string(),
  /** What it has beyond the image's tree. */
  packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  masked: z.array(z.string()),
});

const SHIPPED = 'shipped.json';
const shippedSchema = z.strictObject({ compressedBytes: z.number().int() });

export type SystemTreeManifest = z.infer<typeof manifestSchema>;

/** The root file tree of a whole system: an image's tree and what was laid over it; never written to. */
export interface SystemTree {
  readonly folder: string;
  readonly tree: string;
  readonly manifest: SystemTreeManifest;
}

async function treeIn(folder: string): Promise<SystemTree | undefined> {
  try {
    const tree = join(folder, 'tree');
    await stat(tree);
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    return { folder, tree, manifest };
  } catch {
    return undefined;
  }
}

async function build(image: Image, layer: SystemLayer, folder: string, signal: AbortSignal): Promise<void> {
  // A whole system has programs that raise the rights of whoever can reach them.
  await chmod(folder, 0o700);
  const scratch = join(folder, 'scratch');
  await mkdir(scratch);
  const laid = join(scratch, 'tree');
  const packages = await layTree(image, laid, layer, signal);
  await settleTree(laid, { emptied: EMPTIED, removed: REMOVED }, signal);
  const manifest: SystemTreeManifest = {
    schema: 1,
    image: image.manifest.digest,
    digest: listingDigest(await listTree(laid)),
    packages: [...packages],
    masked: Object.entries(layer.links).flatMap(([unit, target]) => (target === '/dev/null' ? [basename(unit)] : [])),
  };
  await rename(laid, join(folder, 'tree'));
  await removeFolder(scratch);
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** 64 hex digits over everything that decides what is built, but for the archive's state on that day. */
async function keyOf(image: Image, layer: SystemLayer): Promise<string> {
  const sources = await Promise.all(Object.values(layer.programs).map((path) => readFile(path, 'utf8')));
  const { packages, files, links, programs } = layer;
  const laid = { packages, files, links, programs: Object.keys(programs), sources };
  const parts = [REVISION, EMPTIED, REMOVED, laid, image.manifest.digest];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The root tree of a whole system of an image: the cached one, or a new one (some 20 s, and a download of some 10 MB).
 * @throws CommandError `SYSTEM_INSTALL`, `TOOL_MISSING`; ParseError; InterruptedError.
 */
export async function prepareSystemTree(
  stateDir: string,
  image: Image,
  layer: SystemLayer,
  signal: AbortSignal,
): Promise<SystemTree> {
  return await cached({
    store: join(stateDir, 'system-trees'),
    key: (await keyOf(image, layer)).slice(0, 16),
    signal,
    read: treeIn,
    build: (folder) => build(image, layer, folder, signal),
  });
}

/**
 * Bytes of the tree as registries ship layers; computed once (some 20 s of a CPU) and then known from a file beside it.
 * @throws CommandError; InterruptedError.
 */
export async function shippedTreeBytes({ folder, tree }: SystemTree, signal: AbortSignal): Promise<number> {
  const known = join(folder, SHIPPED);
  try {
    return shippedSchema.parse(JSON.parse(await readFile(known, 'utf8'))).compressedBytes;
  } catch {
    // Nobody has asked yet.
  }
  const [archive, fresh] = [join(folder, `shipped-${process.pid}.tar`), `${known}.${process.pid}`];
  try {
    await packTree(tree, archive, signal);
    await compress(archive, signal);
    const { size } = await stat(`${archive}.gz`);
    await writeFile(fresh, `${JSON.stringify({ compressedBytes: size })}\n`);
    await rename(fresh, known);
    return size;
  } finally {
    for (const path of [archive, `${archive}.gz`]) await rm(path, { force: true });
  }
}

import { createHash } from 'node:crypto';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cached } from '../bench/image/cache.ts';
import { RECIPE } from '../bench/image/recipe.ts';
import type { Image } from '../bench/model/image.ts';
import { exec } from '../bench/proc/exec.ts';
import { EXT4_FORMAT, makeExt4, mebibytesFor, uuidOf } from './ext4.ts';

const MANIFEST = 'disk.json';
const manifestSchema = z.strictObject({
  schema: z.literal(2),
  image: z.string(),
  format: z.literal('raw'),
  /** The guest's disk size; most of it is a hole. */
  bytes: z.number().int(),
});

export type DiskManifest = z.infer<typeof manifestSchema>;

/** One image as an ext4 file system on a raw disk; never written to. */
export interface BaseDisk {
  readonly folder: string;
  readonly path: string;
  readonly manifest: DiskManifest;
}

async function diskIn(folder: string): Promise<BaseDisk | undefined> {
  try {
    const path = join(folder, 'base.raw');
    await stat(path);
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    return { folder, path, manifest };
  } catch {
    return undefined;
  }
}

async function build(image: Image, folder: string, signal: AbortSignal): Promise<void> {
  const [full, path] = [join(folder, 'full.raw'), join(folder, 'base.raw')];
  const { digest, artefacts } = image.manifest;
  const mebibytes = mebibytesFor(artefacts['tree.tar']?.bytes ?? (await stat(image.archive)).size);
  const uuid = uuidOf(digest.replace('sha256:', ''));
  const { epoch } = RECIPE;
  await makeExt4({ tree: image.tree, file: full, offsetBytes: 0, mebibytes, uuid, epoch, signal });
  // mkfs reserves blocks for an empty journal and empty inode tables; a hole reads the same and takes no space.
  await exec(['cp', '--sparse=always', full, path], { signal });
  await rm(full);
  await chmod(path, 0o444);
  const manifest: DiskManifest = { schema: 2, image: digest, format: 'raw', bytes: mebibytes * 1024 ** 2 };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

function keyOf(image: Image): string {
  return createHash('sha256')
    .update(JSON.stringify([EXT4_FORMAT, image.manifest.digest]))
    .digest('hex')
    .slice(0, 16);
}

/** The image's disk: the cached one, or a new one (2 s). @throws CommandError; InterruptedError. */
export async function prepareDisk(stateDir: string, image: Image, signal: AbortSignal): Promise<BaseDisk> {
  return await cached({
    store: join(stateDir, 'disks'),
    key: keyOf(image),
    signal,
    read: diskIn,
    build: (folder) => build(image, folder, signal),
  });
}

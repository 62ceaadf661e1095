import { createHash } from 'node:crypto';
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RECIPE } from '../bench/image/recipe.ts';
import type { Image } from '../bench/model/image.ts';
import { exec } from '../bench/proc/exec.ts';
import { cached } from './cache.ts';

/** How the root tree becomes a file system: named in full, so that no host's mke2fs.conf decides. */
const FORMAT = {
  revision: 2,
  /** Free space for the guest's own data; sparse. */
  freeBytes: 4 * 1024 ** 3,
  features: [
    ...['none', 'has_journal', 'ext_attr', 'resize_inode', 'dir_index', 'filetype', 'extent', '64bit', 'flex_bg'],
    ...['sparse_super', 'large_file', 'huge_file', 'dir_nlink', 'extra_isize', 'metadata_csum'],
  ],
  blockBytes: 4096,
  inodeBytes: 256,
  bytesPerInode: 16_384,
} as const;

const MKFS_TIMEOUT_MS = 10 * 60_000;
const MANIFEST = 'disk.json';
const manifestSchema = z.strictObject({
  schema: z.literal(1),
  image: z.string(),
  format: z.literal('raw'),
  /** The guest's disk size; most of it is a hole. */
  bytes: z.number().int(),
  /** As compressed qcow2, the form in which VM images are shipped; null until somebody asked. */
  compressedBytes: z.number().int().nullable(),
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

async function writeManifest(folder: string, manifest: DiskManifest): Promise<void> {
  const fresh = join(folder, `${MANIFEST}.${process.pid}`);
  await writeFile(fresh, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(fresh, join(folder, MANIFEST));
}

/** Turns the first 32 of some hex digits into a UUID, so that the same tree gives the same file system. */
function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

async function build(image: Image, folder: string, signal: AbortSignal): Promise<void> {
  const [full, path] = [join(folder, 'full.raw'), join(folder, 'base.raw')];
  const treeBytes = image.manifest.artefacts['tree.tar']?.bytes ?? (await stat(image.archive)).size;
  const mebibytes = Math.ceil((treeBytes + FORMAT.freeBytes) / 1024 ** 2);
  const uuid = uuidOf(image.manifest.digest.replace('sha256:', ''));
  const argv = [
    ...['mkfs.ext4', '-q', '-F', '-L', 'tare', '-U', uuid, '-O', FORMAT.features.join(',')],
    ...[
      '-b',
      String(FORMAT.blockBytes),
      '-I',
      String(FORMAT.inodeBytes),
      '-i',
      String(FORMAT.bytesPerInode),
      '-m',
      '0',
    ],
    // Nothing is left for the guest to initialise: that would be written into every instance's own image.
    ...['-E', `hash_seed=${uuid},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0`],
    ...['-d', image.tree, full, `${mebibytes}M`],
  ];
  await exec(argv, { signal, timeoutMs: MKFS_TIMEOUT_MS, env: { E2FSPROGS_FAKE_TIME: String(RECIPE.epoch) } });
  // mkfs reserves blocks for an empty journal and empty inode tables; a hole reads the same and takes no space.
  await exec(['cp', '--sparse=always', full, path], { signal });
  await rm(full);
  await chmod(path, 0o444);
  const bytes = mebibytes * 1024 ** 2;
  await writeManifest(folder, { schema: 1, image: image.manifest.digest, format: 'raw', bytes, compressedBytes: null });
}

function keyOf(image: Image): string {
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, image.manifest.digest]))
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

/** Bytes of the disk as compressed qcow2; computed once (some 10 s of a CPU), then known. */
export async function compressedBytes(disk: BaseDisk, signal: AbortSignal): Promise<number> {
  const known = (await diskIn(disk.folder))?.manifest.compressedBytes ?? null;
  if (known !== null) return known;
  const output = join(disk.folder, `shipped-${process.pid}.qcow2`);
  try {
    await exec(['qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', disk.path, output], { signal });
    const { size } = await stat(output);
    await writeManifest(disk.folder, { ...disk.manifest, compressedBytes: size });
    return size;
  } finally {
    await rm(output, { force: true });
  }
}

import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { cached } from '../../bench/image/cache.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { listingDigest, listTree } from '../../bench/image/listing.ts';
import { RECIPE } from '../../bench/image/recipe.ts';
import type { SystemLayer } from '../../bench/image/system/layer.ts';
import type { Image } from '../../bench/model/image.ts';
import { exec } from '../../bench/proc/exec.ts';
import { EXT4_FORMAT, makeExt4, mebibytesFor, uuidOf } from '../ext4.ts';
import type { Firmware } from '../firmware.ts';
import { makeEsp } from './esp.ts';
import { installSystem, type Loader } from './install.ts';
import {
  diskBytes,
  partitionTable,
  type Placed,
  placeBootLoader,
  rootFirstSector,
  SECTOR_BYTES,
} from './partitions.ts';
import { forFirmware, ownLayer, SYSTEM, UEFI } from './recipe.ts';

const MANIFEST = 'system.json';
const manifestSchema = z.strictObject({
  schema: z.literal(1),
  /** The image that it was made of. */
  image: z.string(),
  /** What it boots by. Absent: a BIOS. */
  firmware: z.literal('ovmf').optional(),
  /** As an image's digest, over the whole tree of the full system. */
  digest: z.string(),
  /** The guest's disk size; most of it is a hole. */
  bytes: z.number().int(),
  /** What it has beyond the image's tree. */
  packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  masked: z.array(z.string()),
});

export type SystemManifest = z.infer<typeof manifestSchema>;

/** A full system of one image on a raw disk that boots from its own firmware on; never written to. */
export interface SystemDisk {
  readonly folder: string;
  readonly path: string;
  readonly manifest: SystemManifest;
}

async function diskIn(folder: string): Promise<SystemDisk | undefined> {
  try {
    const path = join(folder, 'system.raw');
    await stat(path);
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    return { folder, path, manifest };
  } catch {
    return undefined;
  }
}

async function writeAt(path: string, pieces: readonly Placed[]): Promise<void> {
  await using file = await open(path, 'r+');
  for (const { offset, bytes } of pieces) await file.write(bytes, 0, bytes.length, offset);
}

async function placed(loader: Loader, uuid: string, scratch: string, signal: AbortSignal): Promise<readonly Placed[]> {
  if (loader.firmware === 'seabios') return placeBootLoader(loader.boot, loader.core);
  return [await makeEsp(scratch, loader.core, uuid, signal)];
}

interface Parts {
  readonly firmware: Firmware;
  readonly tree: string;
  readonly uuid: string;
  readonly loader: readonly Placed[];
}

/** Puts partition table, file system and boot loader into one raw file. */
async function assemble(file: string, { firmware, tree, uuid, loader }: Parts, signal: AbortSignal): Promise<number> {
  const { stdout } = await exec(['du', '--summarize', '--apparent-size', '--block-size=1', tree], { signal });
  const mebibytes = mebibytesFor(Number.parseInt(stdout, 10));
  const bytes = diskBytes(firmware, mebibytes);
  await writeFile(file, '');
  await truncate(file, bytes);
  const { epoch } = RECIPE;
  const offsetBytes = rootFirstSector(firmware) * SECTOR_BYTES;
  await makeExt4({ tree, file, offsetBytes, mebibytes, uuid, epoch, signal });
  await exec(['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', file], {
    signal,
    input: partitionTable(firmware, mebibytes, uuid),
  });
  await writeAt(file, loader);
  return bytes;
}

/** Everything that decides what is built, but for the archive's state on that day. */
interface Plan {
  readonly image: Image;
  readonly firmware: Firmware;
  readonly layer: SystemLayer;
  /** Of the root file system and of the disk. */
  readonly uuid: string;
}

async function build({ image, firmware, layer, uuid }: Plan, folder: string, signal: AbortSignal): Promise<void> {
  const scratch = join(folder, 'scratch');
  await using cleanup = new AsyncDisposableStack();
  // Nothing is ever mounted below it but in namespaces that are gone by then.
  cleanup.defer(() => removeFolder(scratch));
  // A whole system has programs that raise the rights of whoever can reach them.
  await mkdir(scratch, { mode: 0o700 });
  const tree = join(scratch, 'tree');
  const { loader: made, packages } = await installSystem(image, tree, firmware, layer, signal);
  const digest = listingDigest(await listTree(tree));
  const [full, path] = [join(folder, 'full.raw'), join(folder, 'system.raw')];
  const loader = await placed(made, uuid, scratch, signal);
  const bytes = await assemble(full, { firmware, tree, uuid, loader }, signal);
  // As for the other guests' disk: what is empty is a hole.
  await exec(['cp', '--sparse=always', full, path], { signal });
  await rm(full);
  await chmod(path, 0o444);
  const manifest: SystemManifest = {
    schema: 1,
    image: image.manifest.digest,
    ...(firmware === 'seabios' ? {} : { firmware }),
    digest,
    bytes,
    packages: [...packages],
    masked: Object.entries(layer.links).flatMap(([unit, target]) => (target === '/dev/null' ? [basename(unit)] : [])),
  };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** 64 hex digits over the plan and the building code. */
async function keyOf({ image, firmware, layer }: Plan): Promise<string> {
  const sources = await Promise.all(Object.values(layer.programs).map((path) => readFile(path, 'utf8')));
  const parts = [
    SYSTEM,
    EXT4_FORMAT,
    { ...layer, programs: Object.keys(layer.programs) },
    sources,
    image.manifest.digest,
    ...(firmware === 'seabios' ? [] : [UEFI]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The full system's disk of an image for a firmware: the cached one, or a new one (a minute or two, and a download of some 40 MB).
 * @param layerOf what makes a system of the tree, for the UUID of its root file system.
 * @throws CommandError `SYSTEM_INSTALL`, `TOOL_MISSING`; ParseError; InterruptedError.
 */
export async function prepareSystem(
  stateDir: string,
  image: Image,
  firmware: Firmware,
  signal: AbortSignal,
  layerOf: (uuid: string) => SystemLayer = ownLayer,
): Promise<SystemDisk> {
  const uuid = uuidOf(createHash('sha256').update(`system ${image.manifest.digest}`).digest('hex'));
  const plan: Plan = { image, firmware, layer: forFirmware(firmware, layerOf(uuid)), uuid };
  return await cached({
    store: join(stateDir, 'systems'),
    key: (await keyOf(plan)).slice(0, 16),
    signal,
    read: diskIn,
    build: (folder) => build(plan, folder, signal),
  });
}

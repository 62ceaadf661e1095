import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ConfigError, messageOf, ParseError } from '../../bench/errors.ts';
import { cached } from '../../bench/image/cache.ts';
import { exec } from '../../bench/proc/exec.ts';

/** More than any distribution's image, and little enough that its tables cannot fill this host's memory. */
const LARGEST_BYTES = 1024 ** 4;

const infoSchema = z.looseObject({
  format: z.string(),
  'virtual-size': z.number().int(),
  encrypted: z.boolean().optional(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  'format-specific': z.looseObject({ data: z.looseObject({ 'data-file': z.string().optional() }) }).optional(),
});

/** A distribution's cloud image as guests use it: a copy of ours that nobody writes to. */
export interface CloudImage {
  readonly path: string;
  /** The file's own name. */
  readonly name: string;
  readonly sha256: string;
  readonly virtualBytes: number;
  /** Bytes of the file, which is the form that a distribution ships. */
  readonly fileBytes: number;
}

/**
 * Judges what `qemu-img info` says of somebody's file: a plain qcow2 that refers to no other file of this host.
 * @returns its virtual size. @throws ConfigError `VM_IMAGE`.
 */
export function judgeInfo(json: string, name: string): number {
  const refuse = (why: string) =>
    new ConfigError('VM_IMAGE', `${name} ${why}`, { hint: "give a distribution's own qcow2 cloud image" });
  let info: z.infer<typeof infoSchema>;
  try {
    info = infoSchema.parse(JSON.parse(json));
  } catch (error) {
    throw new ParseError('VM_IMAGE', `qemu-img says something unknown of ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (info.format !== 'qcow2') throw refuse(`is ${info.format}, not qcow2`);
  if (info['backing-filename'] !== undefined || info['full-backing-filename'] !== undefined) {
    throw refuse('is based on another file of this host');
  }
  if (info['format-specific']?.data['data-file'] !== undefined) throw refuse('keeps its data in another file');
  if (info.encrypted === true) throw refuse('is encrypted');
  const bytes = info['virtual-size'];
  if (bytes > LARGEST_BYTES) throw refuse(`claims a disk of ${bytes} bytes`);
  return bytes;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function inspect(path: string, name: string, signal: AbortSignal): Promise<number> {
  // Taken for nothing but qcow2, so that no other format's code reads it; a file in use elsewhere is fine.
  const argv = ['qemu-img', 'info', '--force-share', '-f', 'qcow2', '--output=json', path];
  const { exitCode, stdout, stderr } = await exec(argv, { signal, accept: 'any', timeoutMs: 60_000 });
  if (exitCode === 0) return judgeInfo(stdout, name);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  throw new ConfigError('VM_IMAGE', `${name} is no qcow2 image: ${last}`, {
    hint: "give a distribution's own qcow2 cloud image",
  });
}

/**
 * Copies a cloud image to where guests can use it (once) and judges the copy: what was judged is what will be started,
 * whatever happens to the original meanwhile.
 * @throws ConfigError `VM_IMAGE`, `FILE`; CommandError; InterruptedError.
 */
export async function prepareCloudImage(stateDir: string, source: string, signal: AbortSignal): Promise<CloudImage> {
  const name = basename(source);
  let sha256: string;
  try {
    sha256 = await hashFile(source);
  } catch (error) {
    throw new ConfigError('VM_IMAGE', `cannot read ${source}: ${messageOf(error)}`, { cause: error });
  }
  const read = async (folder: string): Promise<CloudImage | undefined> => {
    const path = join(folder, 'image.qcow2');
    try {
      const { size } = await stat(path);
      return { path, name, sha256, virtualBytes: await inspect(path, name, signal), fileBytes: size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return await cached({
    store: join(stateDir, 'cloud-images'),
    key: sha256.slice(0, 16),
    signal,
    read,
    build: async (folder) => {
      const path = join(folder, 'image.qcow2');
      await exec(['cp', '--reflink=auto', '--sparse=always', '--', source, path], { signal });
      await chmod(path, 0o444);
      await inspect(path, name, signal);
      if ((await hashFile(path)) === sha256) return;
      throw new ConfigError('VM_IMAGE', `${source} changed while it was copied`);
    },
  });
}

/** How it stands in a sentence. */
export function provenanceOf({ name, sha256 }: CloudImage): string {
  return `${name} (sha256 ${sha256})`;
}

import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exec } from '../bench/proc/exec.ts';

const FILE = 'shipped.json';
const schema = z.strictObject({ compressedBytes: z.number().int() });

/**
 * Bytes of a raw disk as compressed qcow2, the form in which VM images are shipped; computed once (some 10 s of a CPU) and
 * then known from a file beside the disk.
 */
export async function shippedBytes(folder: string, disk: string, signal: AbortSignal): Promise<number> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8'))).compressedBytes;
  } catch {
    // Nobody has asked yet.
  }
  const output = join(folder, `shipped-${process.pid}.qcow2`);
  const fresh = join(folder, `${FILE}.${process.pid}`);
  try {
    await exec(['qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, output], { signal });
    const { size } = await stat(output);
    await writeFile(fresh, `${JSON.stringify({ compressedBytes: size })}\n`);
    await rename(fresh, join(folder, FILE));
    return size;
  } finally {
    await rm(output, { force: true });
  }
}

import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RECIPE } from '../../bench/image/recipe.ts';
import { exec } from '../../bench/proc/exec.ts';
import { BOOT_FIRST_SECTOR, BOOT_PARTITIONS, type Placed, SECTOR_BYTES } from './partitions.ts';

/** What firmware looks for on a disk that it has never seen. */
const LOADER = ['EFI', 'BOOT', 'BOOTX64.EFI'] as const;

/** Programs that this needs beside those of every disk. */
export const ESP_PROGRAMS = ['mkfs.vfat', 'mmd', 'mcopy'] as const;

/**
 * The EFI system partition: a FAT file system with the boot loader in it, made in a file of its own without mounting anything. The same
 * loader gives the same bytes.
 * @param folder scratch. @param uuid of the disk, whose first digits become the serial number of the file system.
 * @throws CommandError `TOOL_MISSING`, `COMMAND_FAILED`; InterruptedError.
 */
export async function makeEsp(folder: string, loader: Buffer, uuid: string, signal: AbortSignal): Promise<Placed> {
  const [file, source] = [join(folder, 'esp.raw'), join(folder, 'loader.efi')];
  await writeFile(source, loader);
  await writeFile(file, '');
  await truncate(file, BOOT_PARTITIONS.ovmf.sectors * SECTOR_BYTES);
  // Neither the host's settings nor its clock or time zone decide what is written.
  const env = { SOURCE_DATE_EPOCH: String(RECIPE.epoch), MTOOLSRC: '/dev/null', TZ: 'UTC' };
  const format = ['-F', '32', '-s', '1', '-S', String(SECTOR_BYTES), '-h', String(BOOT_FIRST_SECTOR)];
  await exec(['mkfs.vfat', '--invariant', ...format, '-i', uuid.slice(0, 8), '-n', 'ESP', file], { signal, env });
  const paths = LOADER.map((_, at) => `::/${LOADER.slice(0, at + 1).join('/')}`);
  await exec(['mmd', '-i', file, ...paths.slice(0, -1)], { signal, env });
  await exec(['mcopy', '-i', file, source, paths.at(-1) ?? ''], { signal, env });
  return { offset: BOOT_FIRST_SECTOR * SECTOR_BYTES, bytes: await readFile(file) };
}

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';
import { BOOT_PARTITIONS, SECTOR_BYTES } from '../system/partitions.ts';
import type { CloudImage } from './image.ts';

/** The first sector's table of four partitions, and a partition's type in it. */
const MBR = { table: 446, entries: 4, entryBytes: 16, typeAt: 4, efiType: 0xef } as const;
/** The second sector: GPT's header, and where in it the place, the number and the size of its entries stand. */
const GPT = { at: SECTOR_BYTES, magic: 'EFI PART', placeAt: 72, countAt: 80, sizeAt: 84, typeBytes: 16 } as const;
/** Enough for a table of any size that is in use. */
const HEAD_SECTORS = 256;

/** A GUID as GPT stores it: the first three groups with their last byte first. */
function guidBytes(guid: string): Buffer {
  const [a = '', b = '', c = '', ...rest] = guid.split('-');
  const reversed = [a, b, c].map((group) => Buffer.from(group, 'hex').toReversed());
  return Buffer.concat([...reversed, Buffer.from(rest.join(''), 'hex')]);
}

const ESP_TYPE = guidBytes(BOOT_PARTITIONS.ovmf.type);

function inMbr(head: Buffer): boolean {
  return Array.from({ length: MBR.entries }, (_, at) => MBR.table + at * MBR.entryBytes + MBR.typeAt).some(
    (at) => head[at] === MBR.efiType,
  );
}

function inGpt(head: Buffer): boolean {
  if (head.toString('latin1', GPT.at, GPT.at + GPT.magic.length) !== GPT.magic) return false;
  const place = head.readBigUInt64LE(GPT.at + GPT.placeAt) * BigInt(SECTOR_BYTES);
  const [count, size] = [head.readUInt32LE(GPT.at + GPT.countAt), head.readUInt32LE(GPT.at + GPT.sizeAt)];
  if (place >= head.length || size < GPT.typeBytes) return false;
  const within = Math.min(count, Math.floor((head.length - Number(place)) / size));
  const types = Array.from({ length: within }, (_, at) => Number(place) + at * size);
  return types.some((at) => ESP_TYPE.equals(head.subarray(at, at + GPT.typeBytes)));
}

/** Whether the partition table at the beginning of somebody's disk names an EFI system partition. Pure; takes any bytes. */
export function hasEfiPartition(head: Buffer): boolean {
  if (head.length < 2 * SECTOR_BYTES || head.readUInt16LE(SECTOR_BYTES - 2) !== 0xaa55) return false;
  return inMbr(head) || inGpt(head);
}

/**
 * Refuses an image that UEFI finds nothing on: such a guest would wait for its deadline.
 * @param folder scratch. @throws ConfigError `VM_IMAGE`; CommandError; InterruptedError.
 */
export async function requireEfiPartition(
  { path, name }: Pick<CloudImage, 'path' | 'name'>,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const head = join(folder, 'head.raw');
  const size = [`bs=${SECTOR_BYTES}`, `count=${HEAD_SECTORS}`];
  await exec(['qemu-img', 'dd', '-f', 'qcow2', '-O', 'raw', ...size, `if=${path}`, `of=${head}`], { signal });
  const bytes = await readFile(head);
  await rm(head);
  if (hasEfiPartition(bytes)) return;
  throw new ConfigError('VM_IMAGE', `${name} has no EFI system partition, so that UEFI finds nothing to boot on it`, {
    hint: 'boot it with --set options.kvm.firmware=seabios, or give an image that boots by UEFI',
  });
}

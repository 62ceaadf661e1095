import { ParseError } from '../../bench/errors.ts';
import type { Firmware } from '../firmware.ts';

export const SECTOR_BYTES = 512;
/** The boot loader's partition comes first, 1 MiB from the beginning on. */
export const BOOT_FIRST_SECTOR = 2048;

interface BootPartition {
  readonly sectors: number;
  /** As GPT knows it. */
  readonly type: string;
  readonly name: string;
}

/** What each firmware boots from: a partition for GRUB's core, or an EFI system partition, FAT32, as the standard wants it on a disk. */
export const BOOT_PARTITIONS: Readonly<Record<Firmware, BootPartition>> = {
  seabios: { sectors: 2048, type: '21686148-6449-6E6F-744E-656564454649', name: 'boot' },
  ovmf: { sectors: 131_072, type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', name: 'esp' },
};
/** The second copy of the partition table, at the end of the disk. */
const TAIL_SECTORS = 2048;

/** The boot code of the first sector; after it come the disk's signature and the partition table. */
const BOOT_CODE_BYTES = 440;
/** In boot.img: the 64-bit number of the sector that it loads, the core's first. */
const CORE_POINTER = 0x5c;
/** In the core's first sector: a 64-bit sector number, then a 16-bit count of the sectors that it loads from there. */
const REST_POINTER = 0x1f4;
const REST_COUNT = REST_POINTER + 8;

/** Where the root file system begins. */
export function rootFirstSector(firmware: Firmware): number {
  return BOOT_FIRST_SECTOR + BOOT_PARTITIONS[firmware].sectors;
}

/** Bytes of a disk whose root file system has this size. */
export function diskBytes(firmware: Firmware, rootMebibytes: number): number {
  return (rootFirstSector(firmware) + TAIL_SECTORS) * SECTOR_BYTES + rootMebibytes * 1024 ** 2;
}

/** What sfdisk reads: a GPT with the boot loader's partition and the root. */
export function partitionTable(firmware: Firmware, rootMebibytes: number, diskUuid: string): string {
  const { sectors, type, name } = BOOT_PARTITIONS[firmware];
  const rootSectors = (rootMebibytes * 1024 ** 2) / SECTOR_BYTES;
  return [
    ...['label: gpt', `label-id: ${diskUuid}`, 'unit: sectors', 'first-lba: 2048', ''],
    `start=${BOOT_FIRST_SECTOR}, size=${sectors}, type=${type}, name=${name}`,
    `start=${rootFirstSector(firmware)}, size=${rootSectors}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root`,
    '',
  ].join('\n');
}

/** Some bytes and where on a disk they belong. */
export interface Placed {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * The boot loader made ready for a BIOS and this layout, as its own installer would: the first sector's code points to the core, the
 * core's first sector to the rest of it.
 * @param bootImage GRUB's boot.img. @param coreImage what grub-mkimage made for i386-pc.
 * @throws ParseError `BOOT_LOADER` for what is neither.
 */
export function placeBootLoader(bootImage: Buffer, coreImage: Buffer): readonly Placed[] {
  if (bootImage.length !== SECTOR_BYTES || bootImage.readUInt16LE(SECTOR_BYTES - 2) !== 0xaa55) {
    throw new ParseError('BOOT_LOADER', `${bootImage.length} bytes are no boot sector`);
  }
  const coreSectors = Math.ceil(coreImage.length / SECTOR_BYTES);
  if (coreSectors < 2 || coreSectors > BOOT_PARTITIONS.seabios.sectors) {
    throw new ParseError('BOOT_LOADER', `a core of ${coreImage.length} bytes does not fit into its partition`);
  }
  if (coreImage.readUInt16LE(REST_COUNT) !== coreSectors - 1) {
    throw new ParseError('BOOT_LOADER', 'the core does not say how long it is where it should');
  }
  const code = Buffer.from(bootImage.subarray(0, BOOT_CODE_BYTES));
  code.writeBigUInt64LE(BigInt(BOOT_FIRST_SECTOR), CORE_POINTER);
  const core = Buffer.from(coreImage);
  core.writeBigUInt64LE(BigInt(BOOT_FIRST_SECTOR + 1), REST_POINTER);
  return [
    { offset: 0, bytes: code },
    { offset: BOOT_FIRST_SECTOR * SECTOR_BYTES, bytes: core },
  ];
}

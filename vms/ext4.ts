import { exec } from '../bench/proc/exec.ts';

/** How a root tree becomes a file system: named in full, so that no host's mke2fs.conf decides. */
export const EXT4_FORMAT = {
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

export interface Ext4Options {
  /** The tree that fills it. */
  readonly tree: string;
  /** The raw disk image that it is written into. */
  readonly file: string;
  /** Where in the file it begins. */
  readonly offsetBytes: number;
  readonly mebibytes: number;
  readonly uuid: string;
  /** Seconds since 1970 that the file system takes for today. */
  readonly epoch: number;
  readonly signal: AbortSignal;
}

/** Turns the first 32 of some hex digits into a UUID, so that the same tree gives the same file system. */
export function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** The size of a file system that holds so many bytes of a tree and the free space. */
export function mebibytesFor(treeBytes: number): number {
  return Math.ceil((treeBytes + EXT4_FORMAT.freeBytes) / 1024 ** 2);
}

/** Writes a file system with the tree in it, labelled `tare`, without mounting anything. @throws CommandError. */
export async function makeExt4(options: Ext4Options): Promise<void> {
  const { features, blockBytes, inodeBytes, bytesPerInode } = EXT4_FORMAT;
  const { tree, file, offsetBytes, mebibytes, uuid, epoch, signal } = options;
  // Nothing is left for the guest to initialise: that would be written into every instance's own image.
  const extended = [
    ...(offsetBytes === 0 ? [] : [`offset=${offsetBytes}`]),
    ...[`hash_seed=${uuid}`, 'lazy_itable_init=0', 'lazy_journal_init=0', 'root_owner=0:0'],
  ];
  const argv = [
    ...['mkfs.ext4', '-q', '-F', '-L', 'tare', '-U', uuid, '-O', features.join(',')],
    ...['-b', String(blockBytes), '-I', String(inodeBytes), '-i', String(bytesPerInode), '-m', '0'],
    ...['-E', extended.join(','), '-d', tree, file, `${mebibytes}M`],
  ];
  await exec(argv, { signal, timeoutMs: MKFS_TIMEOUT_MS, env: { E2FSPROGS_FAKE_TIME: String(epoch) } });
}

import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ParseError } from '../errors.ts';

export type EntryType = 'directory' | 'file' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';

/** What the digest says about one entry of a tree; times and the number of links are left out on purpose. */
export interface ListingEntry {
  /** From the tree's root, without a leading slash; the root itself is `.`. */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file; 0 for everything else, since folders differ between file systems. */
  readonly size: number;
  /** Target of a symlink, `major:minor` of a device, SHA-256 of a file's contents; otherwise empty. */
  readonly content: string;
}

const PARALLEL = 8;
const CHUNK_BYTES = 1024 * 1024;

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

/** `major:minor` as Linux packs them into 64 bits. */
export function deviceNumbers(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** SHA-256 of a file's contents as 64 hex digits; a symlink is refused. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
  }
}

async function entryOf(root: string, path: string): Promise<ListingEntry> {
  const full = join(root, path);
  const stats = await lstat(full, { bigint: true });
  const type = typeOf(stats);
  const content = {
    directory: () => '',
    file: () => hashFile(full),
    symlink: () => readlink(full),
    character: () => deviceNumbers(stats.rdev),
    block: () => deviceNumbers(stats.rdev),
    fifo: () => '',
    socket: () => '',
  }[type];
  return {
    path,
    type,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: type === 'file' ? Number(stats.size) : 0,
    content: await content(),
  };
}

async function pathsBelow(root: string): Promise<readonly string[]> {
  const paths = ['.'];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const item of await readdir(join(root, folder), { withFileTypes: true })) {
      // What is not UTF-8 reads as U+FFFD and could not be opened again under that name.
      if (item.name.includes('\uFFFD')) {
        throw new ParseError('IMAGE_NAME', `a file name in /${folder} is not UTF-8`);
      }
      const path = folder === '' ? item.name : `${folder}/${item.name}`;
      paths.push(path);
      if (item.isDirectory()) pending.push(path);
    }
  }
  return paths.toSorted();
}

/**
 * Every entry of the tree, sorted by path in UTF-16 code units; symlinks are not followed.
 * @throws ParseError `IMAGE_NAME`; the file system's own errors.
 */
export async function listTree(root: string): Promise<readonly ListingEntry[]> {
  const paths = await pathsBelow(root);
  const entries: ListingEntry[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < paths.length; index = next++) {
      entries[index] = await entryOf(root, paths[index] ?? '.');
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return entries;
}

/** One entry as its line of the canonical listing: one JSON array, fields in the order of `ListingEntry`. */
function lineOf({ path, type, mode, uid, gid, size, content }: ListingEntry): string {
  return JSON.stringify([path, type, mode, uid, gid, size, content]);
}

/** `sha256:…` over the canonical listing. */
export function listingDigest(entries: readonly ListingEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries) hash.update(`${lineOf(entry)}\n`);
  return `sha256:${hash.digest('hex')}`;
}

/** Paths of what `above` has beyond `below`; undefined where it is not `below` whole and unchanged with something added. */
export function additions(
  below: readonly ListingEntry[],
  above: readonly ListingEntry[],
): readonly string[] | undefined {
  const known = new Set(below.map(lineOf));
  const added = above.filter((entry) => !known.has(lineOf(entry)));
  return above.length - added.length === known.size ? added.map(({ path }) => path) : undefined;
}

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ResourceError } from '../errors.ts';

/** Bytes in units that people read; the same step (1024) that `df -h` takes. */
export function readableBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  const step = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}

/** Bytes that unprivileged users could still write on the file system of the path, or of its nearest existing folder. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}

/**
 * Refuses before a long piece of work fills the disk.
 * @param path absolute; need not exist yet. @param bytes what will be written below it.
 * @throws ResourceError `NO_SPACE`.
 */
export function requireSpace(path: string, bytes: number): void {
  const free = freeBytes(path);
  if (free >= bytes) return;
  const [needs, has] = [readableBytes(bytes), readableBytes(free)];
  throw new ResourceError('NO_SPACE', `${path} needs ${needs}, and its file system has ${has} free`, {
    hint: 'free some space there, or name another folder with --state',
    details: { path, neededBytes: bytes, freeBytes: free },
  });
}

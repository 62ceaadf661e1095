import { readFile, stat } from 'node:fs/promises';
import { ParseError } from '../errors.ts';
import { exec } from '../proc/exec.ts';
import { deviceNumbers } from './listing.ts';

/**
 * Allocated bytes (512 × st_blocks) of files and folders with all that is below them. Hard links count once over all paths,
 * symlinks and holes are not followed or filled, other file systems mounted below a path are left out.
 * It is `du` that counts. What was written last counts only after `syncFileSystem`.
 * @throws CommandError `COMMAND_FAILED` where a path is missing or vanishes meanwhile; ParseError `DU_OUTPUT`.
 */
export async function allocatedBytes(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) return 0;
  const { stdout } = await exec(
    ['du', '--summarize', '--total', '--one-file-system', '--block-size=1', '--null', '--files0-from=-'],
    { input: paths.map((path) => `${path}\0`).join(''), maxBytes: 64 * 1024 * 1024 },
  );
  const bytes = /(?:^|\0)(\d+)\ttotal\0$/.exec(stdout)?.[1];
  if (bytes === undefined) throw new ParseError('DU_OUTPUT', 'du printed no total');
  return Number(bytes);
}

/** Writes everything pending on the path's file system to the device (syncfs), so that blocks are really allocated. */
export async function syncFileSystem(path: string): Promise<void> {
  await exec(['sync', '--file-system', path]);
}

/** Whether allocated bytes on this file system mean what the disk experiment takes them for. */
export type Assessable =
  | { readonly ok: true; readonly type: string }
  | { readonly ok: false; readonly type: string; readonly reason: string };

/** The file system types of a mountinfo text, by `major:minor` of the device. */
export function fileSystemTypes(mountinfo: string): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const device = before.split(' ')[2];
    const type = after.split(' ')[0];
    if (device !== undefined && type !== undefined && type !== '') types.set(device, type);
  }
  return types;
}

/** ext4 and xfs are assessable; elsewhere (compression, shared extents, deferred counts) blocks mean something else. */
export function assess(type: string): Assessable {
  if (type === 'ext4' || type === 'xfs') return { ok: true, type };
  return { ok: false, type, reason: `allocated bytes are only comparable on ext4 or xfs, not on ${type}` };
}

/** Judges the file system that holds an existing path. */
export async function assessableFileSystem(path: string): Promise<Assessable> {
  const { dev } = await stat(path, { bigint: true });
  // A device that mountinfo does not know (btrfs gives every subvolume its own) is none of the two.
  const types = fileSystemTypes(await readFile('/proc/self/mountinfo', 'utf8'));
  return assess(types.get(deviceNumbers(dev)) ?? 'unknown');
}

import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { existingPart } from '../../host/mounts.ts';
import { freeBytes, readableBytes } from '../../host/space.ts';
import { unreachableParent } from '../../image/reach.ts';
import { assess } from '../../image/usage.ts';
import { type Check, check, type Finding, missing, ok, warn } from './check.ts';

/** The image with its archives, a base disk, and what a quick run writes. */
const NEEDED_BYTES = 6 * 2 ** 30;

/** Of open(2): a file without a name, which the kernel removes when it is closed. Node does not name it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

function reach(stateDir: string): Finding {
  const folder = unreachableParent(stateDir);
  if (folder === undefined) return ok(stateDir);
  return missing(
    `${folder} keeps other users out, and libvirt's with them`,
    `chmod o+x ${folder}, or choose another folder with --state`,
  );
}

function fileSystem(type: string): Finding {
  const verdict = assess(type);
  return verdict.ok ? ok(type) : warn(type, `${verdict.reason}; choose a folder on one of them with --state`);
}

/** Whether a file below the folder opens; leaves nothing behind. */
function opens(folder: string, flags: number): string | null {
  try {
    closeSync(openSync(folder, O_TMPFILE | constants.O_RDWR | flags, 0o600));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  }
}

function directIo(folder: string): Finding {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return warn(`not tried: ${folder} is not writable for this user`, 'run it as root');
  }
  const plain = opens(folder, 0);
  if (plain !== null) return warn(`not tried: no unnamed file can be made in ${folder} (${plain})`, 'use ext4 or xfs');
  const direct = opens(folder, constants.O_DIRECT);
  if (direct === null) return ok('works');
  return warn(
    `refused (${direct})`,
    'virtual disks need it for cache mode none: choose ext4 or xfs, or "--set instance.diskCache=writeback"',
  );
}

function space(stateDir: string): Finding {
  const free = freeBytes(stateDir);
  if (free >= NEEDED_BYTES) return ok(`${readableBytes(free)} free`);
  const advice = `an image and a run need about ${readableBytes(NEEDED_BYTES)}: free some, or choose another folder with --state`;
  return missing(`${readableBytes(free)} free`, advice);
}

/** What the state folder, or the nearest folder above it that exists, offers. */
export function storageChecks(stateDir: string, fileSystemType: string): readonly Promise<Check>[] {
  return [
    check('state-reach', 'state folder', () => reach(stateDir)),
    check('state-file-system', 'file system', () => fileSystem(fileSystemType)),
    check('direct-io', 'direct I/O', () => directIo(existingPart(stateDir))),
    check('space', 'disk space', () => space(stateDir)),
  ];
}

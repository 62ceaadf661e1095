import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { ResourceError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';

/** One line of /proc/PID/mountinfo. */
export interface Mount {
  readonly type: string;
  /** The folder of the mounted file system that is seen at the mount point. */
  readonly root: string;
  readonly mountPoint: string;
  /** Of the file system, e.g. `rw,lowerdir=…,upperdir=…` or a cgroup hierarchy's controllers. */
  readonly superOptions: string;
}

/** The kernel writes space, tab, line feed and backslash as three octal digits. */
function unescapePath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** A mountinfo text, in the order of mounting; lines that are none are left out. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, mountPoint] = before.split(' ');
    const [type, , superOptions = ''] = after.split(' ');
    if (root === undefined || mountPoint === undefined || type === undefined) return [];
    return [
      {
        type,
        root: unescapePath(root),
        mountPoint: unescapePath(mountPoint),
        superOptions: unescapePath(superOptions),
      },
    ];
  });
}

/** @param pid whose mounts; this process's by default. Empty for a process that is gone. */
export function mountsOf(pid: number | 'self' = 'self'): readonly Mount[] {
  try {
    return parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return [];
  }
}

/** As mountinfo names it; what is gone stays as it is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Mount points below a folder, the last mounted first; the folder may be gone. */
export function mountsBelow(folder: string): readonly string[] {
  const real = realPath(folder);
  return mountsOf()
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => path.startsWith(`${real}/`))
    .toReversed();
}

/** Unmounts; what is not mounted is fine, what is busy is detached at once and goes when its last user does. */
export async function unmount(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const real = realPath(path);
  // Asked only where something went wrong: the list has a line for every container's mount.
  const mounted = () => mountsOf().some(({ mountPoint }) => mountPoint === real);
  const { exitCode } = await exec(['umount', path], { accept: 'any' });
  if (exitCode === 0 || !mounted()) return;
  await exec(['umount', '--lazy', path], { accept: 'any' });
  if (!mounted()) return;
  throw new ResourceError('MOUNT_STAYS', `${path} could not be unmounted`, { hint: `try: umount --lazy ${path}` });
}

import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** One line of /proc/self/mountinfo. */
export interface Mount {
  readonly point: string;
  /** The folder of the file system that is seen there; a container may see only a part of it. */
  readonly root: string;
  readonly type: string;
  /** Options of the file system; the controllers of a cgroup v1 hierarchy are among them. */
  readonly options: readonly string[];
}

/** Spaces and the like come as octal escapes. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Mounts in the order in which they were made; lines of another form are left out. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ');
    const [type, , options] = after.split(' ');
    if (root === undefined || point === undefined || type === undefined || options === undefined) return [];
    return [{ point: unescaped(point), root: unescaped(root), type, options: options.split(',') }];
  });
}

/** The mount that holds an absolute path without symlinks: the deepest, and of those the last made. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const holds = ({ point }: Mount) => point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts.filter(holds).reduce<Mount | undefined>((best, mount) => {
    return best === undefined || mount.point.length >= best.point.length ? mount : best;
  }, undefined);
}

/** The nearest folder or file on the way to a path that exists, symlinks resolved; a folder that may not be entered ends the way. */
export function existingPart(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (dirname(path) === path) throw error;
    return existingPart(dirname(path));
  }
}

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INSIDE } from '../../bench/model/image.ts';
import { MASKED_PATHS, READONLY_PATHS } from '../oci/config.ts';
import type { Layout } from '../oci/layout.ts';

const CGROUPS = '/sys/fs/cgroup';

const RESTRICTED = 'nosuid,noexec,nodev';
const READONLY = `bind,ro,${RESTRICTED}`;

export type PathKind = 'file' | 'folder' | undefined;

/** What is at a path of this host. */
function kindHere(path: string): PathKind {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isDirectory() ? 'folder' : 'file';
}

export interface MountOptions {
  readonly paths: Pick<Layout, 'upper' | 'work' | 'rootfs' | 'marks' | 'commands'>;
  readonly tree: string;
  readonly cgroupVersion: 1 | 2;
  /** Folders of the instance's cgroup of version 1. */
  readonly cgroupFolders: readonly string[];
}

/** Mount point on the host's side, type, source, options. */
type Mount = readonly [inside: string, type: string, source: string, options: string];

/** The container's own cgroup, to be read only: on version 1 at the places of the host's hierarchies, as Docker has it. */
function cgroupMounts({ cgroupVersion, cgroupFolders }: MountOptions): readonly Mount[] {
  if (cgroupVersion === 2) return [[CGROUPS, 'cgroup2', 'cgroup2', `ro,${RESTRICTED}`]];
  const own = cgroupFolders.filter((folder) => dirname(dirname(folder)) === CGROUPS);
  // Without what is mounted in it: empty folders for the hierarchies that it has no part in.
  const all: Mount = [CGROUPS, 'none', CGROUPS, READONLY];
  return [all, ...own.map((folder): Mount => [dirname(folder), 'none', folder, READONLY])];
}

function maskedMounts(rootfs: string, kindOf: (path: string) => PathKind): readonly Mount[] {
  const masked = MASKED_PATHS.flatMap((path): readonly Mount[] => {
    const kind = kindOf(path);
    if (kind === 'folder') return [[path, 'tmpfs', 'tmpfs', 'ro']];
    return kind === 'file' ? [[path, 'none', '/dev/null', `bind,ro,nosuid,noexec`]] : [];
  });
  const readOnly = READONLY_PATHS.filter((path) => kindOf(path) !== undefined).map(
    (path): Mount => [path, 'none', join(rootfs, path), READONLY],
  );
  return [...readOnly, ...masked];
}

/**
 * What a container sees, as a file for `mount --all --fstab`: what Docker mounts by default, in the order of mounting. Paths of
 * /proc and /sys that this kernel lacks are left out.
 */
export function fstab(options: MountOptions, kindOf: (path: string) => PathKind = kindHere): string {
  const { paths, tree } = options;
  const { rootfs } = paths;
  const made = `X-mount.mkdir,${RESTRICTED}`;
  const mounts: readonly Mount[] = [
    ['/', 'overlay', 'overlay', `lowerdir=${tree},upperdir=${paths.upper},workdir=${paths.work}`],
    ['/proc', 'proc', 'proc', RESTRICTED],
    ['/dev', 'tmpfs', 'tmpfs', 'nosuid,strictatime,mode=755,size=65536k'],
    ['/dev/pts', 'devpts', 'devpts', 'X-mount.mkdir,nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5'],
    ['/dev/mqueue', 'mqueue', 'mqueue', made],
    ['/dev/shm', 'tmpfs', 'shm', `${made},mode=1777,size=65536k`],
    ['/sys', 'sysfs', 'sysfs', `ro,${RESTRICTED}`],
    ...cgroupMounts(options),
    [INSIDE.marks, 'none', paths.marks, 'bind'],
    [INSIDE.commands, 'none', paths.commands, 'bind'],
    ...maskedMounts(rootfs, kindOf),
  ];
  return mounts
    .map(([inside, type, source, words]) => `${source} ${join(rootfs, inside).replace(/\/$/, '')} ${type} ${words}\n`)
    .join('');
}

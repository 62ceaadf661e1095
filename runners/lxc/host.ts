import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadedApparmorProfile, MASKED_PATHS, openFilesLimit } from '../oci/config.ts';
import { cgroupVersion, type Hierarchy, hierarchies } from '../shared/cgroups.ts';

/** What of the host decides how a container is configured. */
export interface LxcHost {
  readonly cgroupVersion: 1 | 2;
  /** Whether the kernel counts swap, and so can be told to allow none. */
  readonly limitsSwap: boolean;
  /** Of what runs inside, where one is loaded. */
  readonly apparmorProfile: string | undefined;
  readonly openFiles: { readonly soft: number; readonly hard: number } | undefined;
  /** Paths to be hidden that this kernel has. */
  readonly masked: readonly { readonly path: string; readonly isFolder: boolean }[];
}

/** LXC's default. `lxc-start` has a profile itself where this one is loaded, and may change to no other than LXC's. */
const APPARMOR_PROFILE = 'lxc-container-default-cgns';

function subfolders(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/** The root of v2 has no limits of its own: whether its children have one for swap shows on the first of them. */
export function limitsSwap(all: readonly Hierarchy[] = hierarchies()): boolean {
  const memory = all.find(({ controllers }) => controllers.includes('memory'));
  if (memory === undefined) return false;
  const { mountPoint, version } = memory;
  if (version === 1) return existsSync(join(mountPoint, 'memory.memsw.limit_in_bytes'));
  const child = subfolders(mountPoint).find((name) => existsSync(join(mountPoint, name, 'memory.max')));
  return child !== undefined && existsSync(join(mountPoint, child, 'memory.swap.max'));
}

function maskedHere(): LxcHost['masked'] {
  return MASKED_PATHS.filter((path) => existsSync(path)).map((path) => ({
    path,
    isFolder: statSync(path).isDirectory(),
  }));
}

export function lxcHost(): LxcHost {
  return {
    cgroupVersion: cgroupVersion() ?? 1,
    limitsSwap: limitsSwap(),
    apparmorProfile: hasApparmorProfile(APPARMOR_PROFILE) ? APPARMOR_PROFILE : loadedApparmorProfile(),
    openFiles: openFilesLimit(),
    masked: maskedHere(),
  };
}

/** Whether the kernel has an AppArmor profile of this name. */
export function hasApparmorProfile(name: string): boolean {
  try {
    return readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').includes(`${name} (`);
  } catch {
    return false;
  }
}

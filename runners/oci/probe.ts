import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Support } from '../../bench/model/runner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupVersion, missingControllers } from '../shared/cgroups.ts';
import { mountsOf } from '../shared/mounts.ts';
import { hasProgram } from '../shared/programs.ts';
import { cgroupDriver } from './cli.ts';
import type { OciRuntime } from './runtime.ts';

/** What every runtime's start needs beside the runtime. */
const PROGRAMS = ['ip', 'mount', 'umount', 'mkfifo', 'musl-gcc'];

/** mount(8) and the kernel give these a meaning of their own in an overlay's options. */
const STRANGE = /[,:"\\\s]/;

export function refuse(code: string, reason: string, hint: string): Support {
  return { ok: false, code, reason, hint };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Loaded, built in, or there to be loaded at the first mount. */
function kernelHasOverlay(): boolean {
  const modules = join('/lib/modules', release());
  return (
    /\boverlay$/m.test(read('/proc/filesystems')) ||
    /\/overlay\.ko/.test(read(join(modules, 'modules.dep')) + read(join(modules, 'modules.builtin')))
  );
}

/** The type of the file system that holds a path. */
function fileSystemOf(path: string): string {
  const holds = (mountPoint: string) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
  const candidates = mountsOf().filter(({ mountPoint }) => holds(mountPoint));
  return candidates.toSorted((a, b) => a.mountPoint.length - b.mountPoint.length).at(-1)?.type ?? 'unknown';
}

function overlayProblem(stateDir: string): Support | undefined {
  if (!kernelHasOverlay()) {
    return refuse('NO_OVERLAY', 'this kernel has no overlay file system', 'load it with: modprobe overlay');
  }
  const type = fileSystemOf(stateDir);
  if (type === 'overlay') {
    const hint = 'name a folder on ext4 or xfs with --state (inside a container: a volume)';
    return refuse('NO_OVERLAY', `${stateDir} is itself on an overlay, which cannot carry another`, hint);
  }
  if (!STRANGE.test(stateDir)) return undefined;
  return refuse(
    'STATE_PATH',
    `an overlay cannot be mounted below ${stateDir}`,
    'use a path without , : " \\ and spaces',
  );
}

/** What stands in the way of containers on this host, whatever the runtime; undefined where nothing does. */
export function hostProblem(
  { program }: Pick<OciRuntime, 'program'>,
  stateDir: string,
  programs: readonly string[] = [],
): Support | undefined {
  const absent = [program, ...programs, ...PROGRAMS].find((name) => !hasProgram(name));
  if (absent !== undefined) return refuse('TOOL_MISSING', `${absent} is not installed`, packageOf(absent));
  if (process.getuid?.() !== 0) {
    return refuse('NOT_ROOT', 'mounts, cgroups and network namespaces need root', 'run tare with sudo');
  }
  const missing = missingControllers();
  if (missing.length > 0) {
    const what = `this host has no cgroup controller ${missing.join(' and no ')}`;
    return refuse('NO_CONTROLLER', what, 'see "cat /proc/cgroups" and the kernel command line (cgroup_enable=memory)');
  }
  return overlayProblem(stateDir);
}

/** The version of cgroups here and who makes them, as people read it. */
export function cgroupText(): string {
  return `v${cgroupVersion() ?? '?'} (${cgroupDriver().systemd ? 'systemd' : 'cgroupfs'})`;
}

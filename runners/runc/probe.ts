import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupVersion, missingControllers } from '../shared/cgroups.ts';
import { mountsOf } from '../shared/mounts.ts';
import { hasProgram } from '../shared/programs.ts';
import { cgroupDriver } from './cli.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [],
};

const PROGRAMS = ['runc', 'ip', 'mount', 'umount', 'mkfifo', 'musl-gcc'];

/** mount(8) and the kernel give these a meaning of their own in an overlay's options. */
const STRANGE = /[,:"\\\s]/;

function refuse(code: string, reason: string, hint: string): Support {
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

/** Whether runc can start here what tare starts, and what is missing where it cannot. */
export async function probeRunc(stateDir: string): Promise<Support> {
  const absent = PROGRAMS.find((program) => !hasProgram(program));
  if (absent !== undefined) return refuse('TOOL_MISSING', `${absent} is not installed`, packageOf(absent));
  if (process.getuid?.() !== 0) {
    return refuse('NOT_ROOT', 'mounts, cgroups and network namespaces need root', 'run tare with sudo');
  }
  const missing = missingControllers();
  if (missing.length > 0) {
    const what = `this host has no cgroup controller ${missing.join(' and no ')}`;
    return refuse('NO_CONTROLLER', what, 'see "cat /proc/cgroups" and the kernel command line (cgroup_enable=memory)');
  }
  const overlay = overlayProblem(stateDir);
  if (overlay) return overlay;
  try {
    const { stdout } = await exec(['runc', '--version'], { timeoutMs: 10_000 });
    const version = /^runc version (\S+)/m.exec(stdout)?.[1] ?? 'unknown';
    const libseccomp = /^libseccomp: (\S+)/m.exec(stdout)?.[1];
    if (libseccomp === undefined) {
      const why = 'this runc was built without seccomp: its containers would be less confined than Docker’s';
      return refuse('NO_SECCOMP', why, packageOf('runc'));
    }
    const driver = cgroupDriver().systemd ? 'systemd' : 'cgroupfs';
    const cgroup = `v${cgroupVersion() ?? '?'} (${driver})`;
    const versions = { runc: version, libseccomp, cgroup, seccomp: 'Docker 25' };
    return { ok: true, as: 'runc', title: 'runc', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf('runc'));
  }
}

import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupDriver } from '../oci/cli.ts';
import { cgroupText, hostProblem, refuse } from '../oci/probe.ts';
import type { CgroupDriver } from '../oci/runtime.ts';
import { type Hierarchy, hierarchies } from '../shared/cgroups.ts';
import { CRUN } from './runtime.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [],
};

/** Where crun looks for cgroups v2 beside those of v1. */
const UNIFIED = '/sys/fs/cgroup/unified';

/** What `crun --version` says. */
export interface CrunVersion {
  readonly version: string;
  /** What it was built with, e.g. `SECCOMP`. */
  readonly features: readonly string[];
}

export function parseVersion(text: string): CrunVersion {
  const version = /^crun version (\S+)/m.exec(text)?.[1] ?? 'unknown';
  const features = /^(?:\+\S+ ?)+$/m.exec(text)?.[0] ?? '';
  return { version, features: features.split(' ').flatMap((word) => (word === '' ? [] : [word.slice(1)])) };
}

/** crun takes cgroups of either version, and none where controllers of both are in use at once. */
export function mixedCgroups(all: readonly Hierarchy[]): Support | undefined {
  const unified = all.find(({ version, mountPoint }) => version === 2 && mountPoint === UNIFIED);
  const old = all.some(({ version }) => version === 1);
  if (!old || unified === undefined || unified.controllers.length === 0) return undefined;
  const which = unified.controllers.join(', ');
  return refuse(
    'MIXED_CGROUPS',
    `crun cannot run where cgroups of version 1 are in use while those of version 2 at ${UNIFIED} have controllers (${which})`,
    'boot with the kernel parameter systemd.unified_cgroup_hierarchy=1, which leaves version 2 alone',
  );
}

/** What this build of crun lacks for containers as Docker confines them. */
export function missingFeature({ features }: CrunVersion, { systemd }: CgroupDriver): Support | undefined {
  const hint = packageOf(CRUN.program);
  if (!features.includes('SECCOMP')) {
    const why = 'this crun was built without seccomp: its containers would be less confined than Docker’s';
    return refuse('NO_SECCOMP', why, hint);
  }
  if (!systemd || features.includes('SYSTEMD')) return undefined;
  return refuse('NO_SYSTEMD', 'this crun was built without systemd, to which the cgroups of this host belong', hint);
}

/** Whether crun can start here what tare starts, and what is missing where it cannot. */
export async function probeCrun(stateDir: string): Promise<Support> {
  const problem = hostProblem(CRUN, stateDir) ?? mixedCgroups(hierarchies());
  if (problem) return problem;
  try {
    const { stdout } = await exec([CRUN.program, '--version'], { timeoutMs: 10_000 });
    const crun = parseVersion(stdout);
    const missing = missingFeature(crun, cgroupDriver());
    if (missing) return missing;
    const versions = { crun: crun.version, cgroup: cgroupText(), seccomp: 'Docker 25' };
    return { ok: true, as: CRUN.id, title: 'crun', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf(CRUN.program));
  }
}

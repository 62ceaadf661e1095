import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { hostProblem, refuse } from '../oci/probe.ts';
import { cgroupVersion } from '../shared/cgroups.ts';
import { hasProgram } from '../shared/programs.ts';

const PROGRAMS = ['lxc-start', 'lxc-attach', 'lxc-stop'];

/** The oldest that knows every setting that is used here. */
const OLDEST_MAJOR = 5;

const APPLICATION: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [
    { limit: 'apparmor', why: 'LXC’s programs may apply no other profile than LXC’s own where that is loaded' },
  ],
};

/** What stands in the way of LXC's containers on this host; otherwise its version. */
export async function lxcVersion(stateDir: string): Promise<string | Support> {
  const absent = PROGRAMS.find((program) => !hasProgram(program));
  if (absent !== undefined) return refuse('TOOL_MISSING', `${absent} is not installed`, packageOf(absent));
  const problem = hostProblem({ program: 'lxc-start' }, stateDir);
  if (problem) return problem;
  try {
    const { stdout } = await exec(['lxc-start', '--version'], { timeoutMs: 10_000 });
    const version = /^\d+(?:\.\d+)*/.exec(stdout)?.[0] ?? 'unknown';
    if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return version;
    const why = `LXC ${version} is too old: tare needs ${OLDEST_MAJOR}.0`;
    return refuse('LXC_TOO_OLD', why, 'use a newer release of the distribution, such as Debian 12 or Ubuntu 22.04');
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf('lxc-start'));
  }
}

/** Whether LXC can start here what tare starts, and what is missing where it cannot. */
export async function probeLxc(stateDir: string): Promise<Support> {
  const version = await lxcVersion(stateDir);
  if (typeof version !== 'string') return version;
  const versions = { lxc: version, cgroup: `v${cgroupVersion() ?? '?'}`, seccomp: 'Docker 25' };
  return { ok: true, as: 'lxc', title: 'LXC', capabilities: APPLICATION, versions };
}

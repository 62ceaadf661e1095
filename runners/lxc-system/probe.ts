import { existsSync } from 'node:fs';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { lxcVersion } from '../lxc/probe.ts';
import { refuse } from '../oci/probe.ts';
import { cgroupVersion, hierarchies } from '../shared/cgroups.ts';
import { hasProgram } from '../shared/programs.ts';
import { SECCOMP_FILE } from './config.ts';

/** What the system's tree is made with. */
const PROGRAMS = ['mmdebstrap', 'chroot', 'unshare', 'setpriv', 'tar', 'gzip'];

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'init', 'exec', 'ready', 'reachable'],
  designed: [
    {
      limit: 'capabilities',
      why: 'systemd mounts file systems and makes cgroups: all but the five that LXC takes from system containers',
    },
    { limit: 'seccomp', why: 'LXC’s own filter for system containers, which names what is forbidden' },
    { limit: 'apparmor', why: 'Docker’s profile forbids to mount: LXC’s own for nested containers where it is loaded' },
  ],
};

/** Whether a container with systemd in it can start here, and what is missing where it cannot. */
export async function probeSystem(stateDir: string): Promise<Support> {
  const version = await lxcVersion(stateDir);
  if (typeof version !== 'string') return version;
  const absent = PROGRAMS.find((program) => !hasProgram(program));
  if (absent !== undefined) return refuse('TOOL_MISSING', `${absent} is not installed`, packageOf(absent));
  if (!existsSync(SECCOMP_FILE)) {
    const why = `${SECCOMP_FILE} is not there: a system container would be less confined than LXC’s are`;
    return refuse('NO_SECCOMP', why, packageOf('lxc-start'));
  }
  if (!hierarchies().some((hierarchy) => hierarchy.version === 2)) {
    const why = 'no cgroup v2 hierarchy is mounted: systemd inside would make its cgroups in the root of the host’s';
    return refuse('NO_CGROUP2', why, 'mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified');
  }
  const versions = { lxc: version, cgroup: `v${cgroupVersion() ?? '?'}`, seccomp: `LXC ${version}` };
  return { ok: true, as: 'lxc-system', title: 'LXC, full system', capabilities: CAPABILITIES, versions };
}

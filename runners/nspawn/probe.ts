import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { boxProblem } from '../namespace-common/probe.ts';
import { cgroupText, refuse } from '../oci/probe.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [
    { limit: 'apparmor', why: 'systemd-nspawn applies no AppArmor profile' },
    { limit: 'seccomp', why: 'systemd-nspawn’s own filter, which programs that enter later do not get' },
  ],
};

/** What `systemd-nspawn --version` says: its version, and whether it filters system calls. */
export function parseVersion(text: string): { readonly version: string; readonly seccomp: boolean } {
  return { version: /^systemd (\S+)/m.exec(text)?.[1] ?? 'unknown', seccomp: /\+SECCOMP\b/.test(text) };
}

/** Whether systemd-nspawn can start here what tare starts, and what is missing where it cannot. */
export async function probeNspawn(stateDir: string): Promise<Support> {
  const problem = boxProblem(['systemd-nspawn'], stateDir);
  if (problem) return problem;
  try {
    const { stdout } = await exec(['systemd-nspawn', '--version'], { timeoutMs: 10_000 });
    const { version, seccomp } = parseVersion(stdout);
    if (!seccomp) {
      const why = 'this systemd-nspawn was built without seccomp: its containers would be less confined than others';
      return refuse('NO_SECCOMP', why, packageOf('systemd-nspawn'));
    }
    const versions = { systemd: version, cgroup: cgroupText(), seccomp: "nspawn's own; none of programs that enter" };
    return { ok: true, as: 'nspawn', title: 'systemd-nspawn', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf('systemd-nspawn'));
  }
}

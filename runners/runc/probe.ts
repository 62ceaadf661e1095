import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupText, hostProblem, refuse } from '../oci/probe.ts';
import { RUNC } from './runtime.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [],
};

/** Whether runc can start here what tare starts, and what is missing where it cannot. */
export async function probeRunc(stateDir: string): Promise<Support> {
  const problem = hostProblem(RUNC, stateDir);
  if (problem) return problem;
  try {
    const { stdout } = await exec([RUNC.program, '--version'], { timeoutMs: 10_000 });
    const version = /^runc version (\S+)/m.exec(stdout)?.[1] ?? 'unknown';
    const libseccomp = /^libseccomp: (\S+)/m.exec(stdout)?.[1];
    if (libseccomp === undefined) {
      const why = 'this runc was built without seccomp: its containers would be less confined than Docker’s';
      return refuse('NO_SECCOMP', why, packageOf('runc'));
    }
    const versions = { runc: version, libseccomp, cgroup: cgroupText(), seccomp: 'Docker 25' };
    return { ok: true, as: 'runc', title: 'runc', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf('runc'));
  }
}

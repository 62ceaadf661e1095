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
  designed: [{ limit: 'seccomp', why: 'the tools of util-linux load no filter of system calls' }],
};

const PROGRAMS = ['unshare', 'pivot_root', 'cp', 'ln'] as const;

/** Whether containers can be made here by util-linux' tools, and what is missing where they cannot. */
export async function probeNamespace(stateDir: string): Promise<Support> {
  const problem = boxProblem(PROGRAMS, stateDir);
  if (problem) return problem;
  try {
    const { stdout } = await exec(['unshare', '--version'], { timeoutMs: 10_000 });
    const version = /\butil-linux (\S+)/.exec(stdout)?.[1];
    if (version === undefined) {
      return refuse('TOOL_MISSING', 'unshare is not the one of util-linux', packageOf('unshare'));
    }
    const versions = { 'util-linux': version, cgroup: cgroupText(), seccomp: 'none' };
    return { ok: true, as: 'namespace', title: 'namespaces (util-linux)', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf('unshare'));
  }
}

/**
 * Whether bubblewrap can start here what tare starts, and what is missing where it cannot. Changes nothing.
 */
import { boxProblem, cgroupText, codeOf, exec, hasProgram, messageOf, refuse } from 'tare/runner';

/** @import { Capabilities, HostContext, Support } from 'tare/runner' */

/** @type {Capabilities} */
const CAPABILITIES = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [
    { limit: 'seccomp', why: 'bubblewrap takes a filter of system calls only compiled, and this runner brings none' },
    { limit: 'apparmor', why: 'bubblewrap applies no profile' },
  ],
};

/**
 * @param {HostContext} host
 * @returns {Promise<Support>}
 */
export async function probe(host) {
  if (!hasProgram('bwrap')) {
    return refuse('TOOL_MISSING', 'bwrap is not installed', 'install it with: apt-get install bubblewrap');
  }
  const problem = boxProblem(['bwrap', 'setsid'], host.stateDir);
  if (problem !== undefined) return problem;
  try {
    const { stdout } = await exec(['bwrap', '--version'], { timeoutMs: 10_000, signal: host.signal });
    const version = /^bubblewrap (\S+)/m.exec(stdout)?.[1] ?? 'unknown';
    return {
      ok: true,
      as: 'bubblewrap',
      title: 'bubblewrap',
      capabilities: CAPABILITIES,
      versions: { bubblewrap: version, cgroup: cgroupText() },
    };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), 'look at: bwrap --version');
  }
}

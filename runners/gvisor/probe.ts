import { accessSync, constants } from 'node:fs';
import { codeOf, messageOf } from '../../bench/errors.ts';
import type { Capabilities, HostContext, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupText, hostProblem, refuse } from '../oci/probe.ts';
import { optionOf } from '../shared/options.ts';
import { PLATFORM } from './options.ts';
import { GVISOR } from './runtime.ts';
import { parseFlags, parseVersion, type RunscFlags } from './version.ts';

const OWN_FILTER = 'gVisor confines its own process, by a filter and capabilities of its own choice';

const CAPABILITIES: Capabilities = {
  isolation: 'sandbox',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [
    { limit: 'kernel', why: 'programs inside talk to gVisor’s own kernel' },
    { limit: 'diskCache', why: 'gVisor opens files itself, through the host’s page cache, also for direct I/O' },
    { limit: 'seccomp', why: OWN_FILTER },
    { limit: 'capabilities', why: OWN_FILTER },
    { limit: 'apparmor', why: 'gVisor applies no profile to its process' },
  ],
};

/** Covering a file of the kernel's takes these. */
const PROGRAMS = ['unshare', 'nsenter'];

/** Without which a box like the others cannot be asked for. */
const NEEDED = ['host-fifo', 'overlay2', 'net-raw', 'platform'];

function works(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What stands in the way of the platform that was chosen; undefined where nothing does. */
export function platformProblem(chosen: string, { platforms }: RunscFlags, hasKvm: boolean): Support | undefined {
  if (chosen === PLATFORM.default) return undefined;
  if (!platforms.includes(chosen)) {
    const what = `this runsc has no platform "${chosen}"`;
    return refuse('NO_PLATFORM', what, `it has ${platforms.join(', ')}: set options.gvisor.platform to one of them`);
  }
  if (chosen !== 'kvm' || hasKvm) return undefined;
  const what = 'the platform "kvm" needs /dev/kvm, which cannot be opened here';
  return refuse('NO_KVM', what, 'leave options.gvisor.platform at its default');
}

/** What is missing in a version that is too old; undefined where nothing is. */
export function tooOld({ names }: RunscFlags): Support | undefined {
  const missing = NEEDED.find((name) => !names.has(name));
  if (missing === undefined) return undefined;
  return refuse('TOO_OLD', `this runsc has no option --${missing}`, 'install gVisor of 2022-12-19 or later');
}

/** Whether runsc can start here what tare starts, and what is missing where it cannot. */
export async function probeGvisor(host: HostContext): Promise<Support> {
  const chosen = String(optionOf(host, PLATFORM));
  const problem = hostProblem(GVISOR, host.stateDir, PROGRAMS);
  if (problem) return problem;
  try {
    const limits = { timeoutMs: 10_000 };
    const version = parseVersion((await exec([GVISOR.program, '--version'], limits)).stdout);
    const said = await exec([GVISOR.program, 'flags'], limits);
    const flags = parseFlags(said.stdout + said.stderr);
    const unfit = tooOld(flags) ?? platformProblem(chosen, flags, works('/dev/kvm'));
    if (unfit) return unfit;
    const platform = chosen === PLATFORM.default ? (flags.platform ?? 'unknown') : chosen;
    const versions = { runsc: version, platform, cgroup: cgroupText() };
    return { ok: true, as: GVISOR.id, title: 'gVisor', capabilities: CAPABILITIES, versions };
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), packageOf(GVISOR.program));
  }
}

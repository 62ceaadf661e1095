import type { Instance, OptionValue } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import type { OciConfig } from '../oci/config.ts';
import type { CgroupDriver, Invocation, OciRuntime } from '../oci/runtime.ts';
import { optionOf } from '../shared/options.ts';
import { PLATFORM } from './options.ts';
import { parseVersion, tellsNamespacesApart } from './version.ts';

/**
 * Old versions take a network namespace for the host's where /proc/sys/net/core/rmem_default is seen in it, which kernels from
 * 6.11 on show in every one (google/gvisor issue 10704), and refuse to start. It is covered, in a mount namespace that ends
 * with the command: $0 is the network namespace, which each has a folder of its own for.
 */
const COVERED = 'nsenter --net="$0" mount -t tmpfs tmpfs /proc/sys/net/core && exec "$@"';

function covered(netns: string): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'slave', '--', 'sh', '-c', COVERED, netns];
}

/** Kills until nothing carries the variable $1 any more; what has ended and is not yet waited for has no environment. */
const END_MARKED = [
  'while found=$(grep -lzsxF -- "$1" /proc/[0-9]*/environ); [ -n "$found" ]; do',
  'for file in $found; do pid=${file#/proc/}; kill -KILL "${pid%/environ}" 2>/dev/null; done; done',
].join(' ');

const INSIDE_TIMEOUT_MS = 30_000;

async function endInside(execute: Instance['exec'], variable: string): Promise<void> {
  await execute(['/bin/sh', '-c', END_MARKED, 'sh', variable], { timeoutMs: INSIDE_TIMEOUT_MS });
}

/** The release of the kernel that programs inside talk to. */
async function kernelInside(execute: Instance['exec']): Promise<string | null> {
  const { exitCode, stdout } = await execute(['/bin/uname', '-r'], { timeoutMs: INSIDE_TIMEOUT_MS });
  return exitCode === 0 ? stdout.trim() : null;
}

/** What runsc does not take from a configuration is not in it: programs' calls end in its own kernel, which filters itself. */
function adapt(config: OciConfig): object {
  const process = { ...config.process, apparmorProfile: undefined };
  return { ...config, process, linux: { ...config.linux, seccomp: undefined } };
}

/** How a version starts containers. @param platform a value of the option. */
export function invocationOf(version: string, platform: OptionValue, { systemd }: CgroupDriver): Invocation {
  return {
    options: [
      ...(platform === PLATFORM.default ? [] : [`--platform=${platform}`]),
      // The mark channel's FIFOs are the host's.
      ...['--host-fifo=open', '--network=sandbox', '--net-raw'],
      // Writes go to the folder that the disk figures count, not to a layer in memory.
      '--overlay2=none',
      ...(systemd ? ['--systemd-cgroup'] : []),
    ],
    execOptions: ['--net-raw'],
    ...(tellsNamespacesApart(version) ? {} : { under: covered }),
  };
}

export const GVISOR: OciRuntime = {
  id: 'gvisor',
  program: 'runsc',
  notRun:
    /^(?:FATAL ERROR: )?(?:executing processes for container|loading (?:container|sandbox)|parsing process spec): /m,
  // A sandbox that gives up a program shuts the sockets that it was given as standard streams, its own command's as well.
  notRunSignal: 'SIGPIPE',
  invocation: async (driver, run) => {
    const { stdout } = await exec([GVISOR.program, '--version'], { timeoutMs: INSIDE_TIMEOUT_MS });
    return invocationOf(parseVersion(stdout), optionOf(run, PLATFORM), driver);
  },
  adapt,
  recordOf: (name) => `${name}_sandbox:${name}.state`,
  endInside,
  // It opens files on the host without O_DIRECT, whatever a program asks for: they come through the host's page cache.
  seenInside: async (execute) => ({ kernel: await kernelInside(execute), diskCache: 'writeback' }),
};

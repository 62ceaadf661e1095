import { z } from 'zod';
import { codeOf, messageOf } from '../../bench/errors.ts';
import { type Capabilities, type HostContext, type OptionValue, type Support } from '../../bench/model/runner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { mixedCgroups } from '../crun/probe.ts';
import { hierarchies, missingControllers } from '../shared/cgroups.ts';
import { optionOf } from '../shared/options.ts';
import { hasProgram } from '../shared/programs.ts';
import { podmanCli, RUNTIME } from './cli.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [],
};

const infoSchema = z.looseObject({
  host: z.looseObject({
    cgroupManager: z.string(),
    cgroupVersion: z.string(),
    conmon: z.looseObject({ version: z.string() }),
    /** Absent before version 4, which knew CNI alone. */
    networkBackend: z.string().default('cni'),
    ociRuntime: z.looseObject({ name: z.string(), version: z.string() }),
  }),
  store: z.looseObject({ graphDriverName: z.string() }),
  version: z.looseObject({ Version: z.string() }),
});

/** What Podman says of itself. */
export type PodmanInfo = z.infer<typeof infoSchema>;

function refuse(code: string, reason: string, hint: string): Extract<Support, { ok: false }> {
  return { ok: false, code, reason, hint };
}

/** The number in `crun version 1.8.1\ncommit: …` and `conmon version 2.1.6, commit: …`. */
function numberIn(version: string): string {
  return /version ([^\s,]+)/.exec(version)?.[1] ?? 'unknown';
}

/** What an installed Podman can do on this host. Pure. @param mixed why crun cannot run here, where it is for the cgroups. */
export function supportOf(
  { host, store, version }: PodmanInfo,
  { runtime, mixed }: { readonly runtime: OptionValue; readonly mixed: Support | undefined },
): Support {
  if (host.networkBackend !== 'netavark') {
    const reason = `Podman's networks are ${host.networkBackend}'s here, and tare knows netavark's`;
    const hint = `${packageOf('netavark')} (of Podman 4 and later; which one is used: network_backend in containers.conf)`;
    return refuse('NO_NETAVARK', reason, hint);
  }
  const { name } = host.ociRuntime;
  if (name === 'crun' && mixed?.ok === false) {
    const reason = `Podman starts containers with crun, and ${mixed.reason}`;
    return refuse(mixed.code, reason, 'use runc: --set options.podman.runtime=runc');
  }
  return {
    ok: true,
    as: 'podman',
    title: 'Podman',
    capabilities: CAPABILITIES,
    versions: {
      podman: version.Version,
      [name]: numberIn(host.ociRuntime.version),
      conmon: numberIn(host.conmon.version),
      network: host.networkBackend,
      storage: store.graphDriverName,
      cgroup: `${host.cgroupVersion} (${host.cgroupManager})`,
      ...(runtime === 'default' ? {} : { runtime: String(runtime) }),
    },
  };
}

/** Whether Podman is here and can start what tare starts. */
export async function probePodman(host: HostContext): Promise<Support> {
  const runtime = optionOf(host, RUNTIME);
  for (const program of ['podman', 'ip', ...(runtime === 'default' ? [] : [String(runtime)])]) {
    if (!hasProgram(program)) return refuse('TOOL_MISSING', `${program} is not installed`, packageOf(program));
  }
  if (process.getuid?.() !== 0) {
    return refuse('NOT_ROOT', "root's containers are measured, as with the other runners", 'run tare with sudo');
  }
  const missing = missingControllers();
  if (missing.length > 0) {
    const reason = `this host has no cgroup controller ${missing.join(' and no ')}`;
    return refuse('NO_CONTROLLER', reason, 'see "cat /proc/cgroups" and the kernel command line');
  }
  try {
    const info = await podmanCli(runtime).json(['info', '--format', 'json'], infoSchema);
    return supportOf(info, { runtime, mixed: mixedCgroups(hierarchies()) });
  } catch (error) {
    return refuse(codeOf(error), messageOf(error), 'try: podman info');
  }
}

import { z } from 'zod';
import { codeOf, messageOf, TareError } from '../../bench/errors.ts';
import type { Capabilities, Support } from '../../bench/model/runner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupVersion, missingControllers } from '../shared/cgroups.ts';
import { hasProgram } from '../shared/programs.ts';
import { dockerJson } from './cli.ts';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: [],
};

const versionSchema = z.looseObject({
  Client: z.looseObject({ Version: z.string() }),
  Server: z.looseObject({
    Version: z.string(),
    Components: z.array(z.looseObject({ Name: z.string(), Version: z.string() })).optional(),
  }),
});

const infoSchema = z.looseObject({ Driver: z.string(), SecurityOptions: z.array(z.string()).nullish() });

/** Whether an engine answers that can start what tare starts. */
export async function probeDocker(): Promise<Support> {
  if (!hasProgram('docker')) {
    return { ok: false, code: 'TOOL_MISSING', reason: 'docker is not installed', hint: packageOf('docker') };
  }
  if (process.getuid?.() !== 0) {
    return { ok: false, code: 'NOT_ROOT', reason: 'reading an instance back needs root', hint: 'run tare with sudo' };
  }
  const missing = missingControllers();
  if (missing.length > 0) {
    const reason = `this host has no cgroup controller ${missing.join(' and no ')}`;
    return { ok: false, code: 'NO_CONTROLLER', reason, hint: 'see "cat /proc/cgroups" and the kernel command line' };
  }
  try {
    const version = await dockerJson(['version', '--format', '{{json .}}'], versionSchema);
    const info = await dockerJson(['info', '--format', '{{json .}}'], infoSchema);
    if (info.SecurityOptions?.some((option) => option.startsWith('name=apparmor')) && !hasProgram('apparmor_parser')) {
      const reason = 'the kernel has AppArmor, and without apparmor_parser the engine starts no container';
      return { ok: false, code: 'TOOL_MISSING', reason, hint: 'install it with: apt-get install apparmor' };
    }
    const runtime = version.Server.Components?.find(({ Name }) => Name === 'runc')?.Version;
    const containerd = version.Server.Components?.find(({ Name }) => Name === 'containerd')?.Version;
    return {
      ok: true,
      as: 'docker',
      title: 'Docker',
      capabilities: CAPABILITIES,
      versions: {
        engine: version.Server.Version,
        client: version.Client.Version,
        ...(containerd === undefined ? {} : { containerd }),
        ...(runtime === undefined ? {} : { runc: runtime }),
        storage: info.Driver,
        cgroup: `v${cgroupVersion() ?? '?'}`,
      },
    };
  } catch (error) {
    const hint = error instanceof TareError ? (error.hint ?? '') : '';
    return { ok: false, code: codeOf(error), reason: messageOf(error), hint };
  }
}

import { join } from 'node:path';
import type { OptionValue, RunnerOption } from '../../bench/model/runner.ts';
import { EngineCli } from '../engine/cli.ts';

export const RUNTIME: RunnerOption = {
  name: 'runtime',
  what: 'the OCI runtime that Podman starts containers with',
  values: ['default', 'crun', 'runc'],
  default: 'default',
};

/** What a run keeps for Podman: its networks' definitions and the seccomp profile. */
export function podmanFolder(runDir: string): string {
  return join(runDir, 'podman');
}

/** Podman reads and writes definitions of networks here, so that the host's own are left alone. */
export function networksFolder(runDir: string): string {
  return join(podmanFolder(runDir), 'networks');
}

/** The `podman` CLI of root, with the networks that the host has. @param runtime a value of the option. */
export function podmanCli(runtime: OptionValue): EngineCli {
  return new EngineCli({ argv: ['podman', ...runtimeWords(runtime)] });
}

/** The same with a run's networks. It works in the run's folder: conmon leaves a file `oom` where it was started. */
export function podmanOfRun(runtime: OptionValue, runDir: string): EngineCli {
  const argv = ['podman', ...runtimeWords(runtime), '--network-config-dir', networksFolder(runDir)] as const;
  return new EngineCli({ argv, cwd: podmanFolder(runDir) });
}

function runtimeWords(runtime: OptionValue): readonly string[] {
  return runtime === 'default' ? [] : ['--runtime', String(runtime)];
}

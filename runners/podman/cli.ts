import type { OptionValue, RunnerOption } from '../../bench/model/runner.ts';
import { EngineCli } from '../engine/cli.ts';

export const RUNTIME: RunnerOption = {
  name: 'runtime',
  what: 'the OCI runtime that Podman starts containers with',
  values: ['default', 'crun', 'runc'],
  default: 'default',
};

/** The `podman` CLI of root. @param runtime a value of the option. */
export function podmanCli(runtime: OptionValue): EngineCli {
  return new EngineCli({ argv: ['podman', ...(runtime === 'default' ? [] : ['--runtime', String(runtime)])] });
}

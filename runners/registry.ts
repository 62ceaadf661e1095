import { ConfigError } from '../bench/errors.ts';
import type { Runner } from '../bench/model/runner.ts';
import { crunRunner } from './crun/index.ts';
import { dockerRunner } from './docker/index.ts';
import { gvisorRunner } from './gvisor/index.ts';
import { kvmRunner } from './kvm/index.ts';
import { qemuRunner } from './qemu/index.ts';
import { kvmDirect } from './kvm-direct/index.ts';
import { lxcRunner } from './lxc/index.ts';
import { lxcSystem } from './lxc-system/index.ts';
import { namespaceRunner } from './namespace/index.ts';
import { nativeRunner } from './native/index.ts';
import { podmanRunner } from './podman/index.ts';
import { nspawnRunner } from './nspawn/index.ts';
import { runcRunner } from './runc/index.ts';
import { dockerInKvm } from './docker-in-kvm/index.ts';
import { runcInKvm } from './runc-in-kvm/index.ts';

/** Every built-in runner, in the order of the table's columns. */
export const RUNNERS: readonly Runner[] = [
  nativeRunner,
  namespaceRunner,
  runcRunner,
  crunRunner,
  dockerRunner,
  podmanRunner,
  lxcRunner,
  lxcSystem,
  nspawnRunner,
  gvisorRunner,
  kvmDirect,
  qemuRunner,
  kvmRunner,
  runcInKvm,
  dockerInKvm,
];

/** The built-in runner of this id. @throws ConfigError `UNKNOWN_RUNNER`. */
export function builtIn(id: string): Runner {
  const found = RUNNERS.find((runner) => runner.id === id);
  if (found) return found;
  throw new ConfigError('UNKNOWN_RUNNER', `there is no runner "${id}"`, {
    hint: `known: ${RUNNERS.map((runner) => runner.id).join(', ')}`,
  });
}

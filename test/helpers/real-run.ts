import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { newOwner, onlyRun, registerOwner } from '../../bench/proc/owner.ts';
import type { ResourceRef } from '../../bench/model/owner.ts';
import type { InstanceSpec, Runner, RunContext } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { sweepHost } from '../../runners/shared/sweep.ts';
import { theImage } from './probe-box.ts';

export interface RealRun {
  readonly spec: InstanceSpec;
  readonly run: RunContext;
  /** What the runner's own and the host's sweep would remove, without the scratch folder itself; or remove. */
  readonly sweep: (runner: Runner, dryRun: boolean) => Promise<readonly ResourceRef[]>;
}

const PARENT = '/var/lib';

/** A run of a test's own, with a state folder of its own; whatever the test leaves is swept after it. */
export async function realRun(t: ExecutionContext, over: Partial<InstanceSpec> = {}): Promise<RealRun> {
  const image = await theImage();
  const stateDir = mkdtempSync(join(PARENT, 'tare-test-'));
  // libvirt's own user must be able to reach a disk below it.
  chmodSync(stateDir, 0o755);
  const owner = newOwner(new Date());
  registerOwner(stateDir, owner);
  const runDir = join(stateDir, 'runs', owner.tag);
  mkdirSync(runDir, { recursive: true });
  const { signal } = new AbortController();
  const run: RunContext = { owner, stateDir, runDir, accel: 'auto', signal, startTimeoutMs: 30_000 };
  const spec: InstanceSpec = {
    ...{ image, entry: redis.entry, cpus: [1], clientCpus: [0], memoryBytes: 256 * 2 ** 20 },
    ...{ diskCache: 'none', network: 'bridge' },
    ...over,
  };
  t.teardown(async () => {
    const context = { stateDir, signal, dryRun: false };
    for (const runner of RUNNERS) await runner.sweep(onlyRun(owner.tag), context);
    await sweepHost(onlyRun(owner.tag), context);
    rmSync(stateDir, { recursive: true, force: true });
  });
  return {
    spec,
    run,
    sweep: async (runner, dryRun) => {
      const context = { stateDir, signal, dryRun };
      const found = [
        ...(await runner.sweep(onlyRun(owner.tag), context)),
        ...(await sweepHost(onlyRun(owner.tag), context)),
      ];
      return found.filter(({ id }) => id !== runDir);
    },
  };
}

/** An entry of a test's own; ready by Redis' answer or at once. */
export function entryOf(argv: readonly string[], protocol: 'redis' | 'none' = 'redis'): EntryPoint {
  return { workload: 'test', defaultPort: 6379, argv: () => argv, ready: ({ port }) => ({ protocol, port }) };
}

import type { Image } from '../../bench/model/image.ts';
import type { Owner } from '../../bench/model/owner.ts';
import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { redis } from '../../bench/workloads/redis.ts';

const owner: Owner = { runId: '20260102-030405-a1b2c3', tag: 'a1b2c3', pid: 1, startTime: '1', bootId: 'boot' };

const image: Image = {
  manifest: {
    schema: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    recipe: { id: 'fake', suite: 'bookworm', variant: 'minbase', include: ['redis-server'] },
    createdAt: '2026-01-02T03:04:05Z',
    architecture: 'amd64',
    packages: [{ name: 'redis-server', version: '5:7.0', architecture: 'amd64', sha256: null }],
    artefacts: {},
  },
  folder: '/nowhere',
  tree: '/nowhere/tree',
  archive: '/nowhere/tree.tar',
  compressedArchive: '/nowhere/tree.tar.gz',
};

/** A run that owns nothing and starts nothing, for runners in memory. */
export function fakeRun(over: Partial<RunContext> = {}): RunContext {
  return {
    owner,
    stateDir: '/nowhere',
    runDir: '/nowhere/run',
    accel: 'auto',
    signal: new AbortController().signal,
    startTimeoutMs: 1000,
    ...over,
  };
}

export function fakeSpec(over: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    ...{ image, entry: redis.entry, cpus: [1], clientCpus: [0], memoryBytes: 2 ** 29 },
    ...{ diskCache: 'none', network: 'bridge' },
    ...over,
  };
}

import { startupExperiment } from '../../../bench/experiments/startup.ts';
import { diskExperiment } from '../../../bench/experiments/disk.ts';
import type { Coordinates, JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest, ManifestRunner } from '../../../bench/model/manifest.ts';
import type { EffectiveLimits } from '../../../bench/model/runner.ts';
import type { Workload } from '../../../bench/model/workload.ts';

/** What these experiments know of a program. */
export const REDIS: Workload = {
  ...{ id: 'redis', title: 'Redis', settings: {}, flavour: 'base', fillBytes: 1, measurements: [] },
  entry: {
    workload: 'redis',
    defaultPort: 6379,
    argv: () => ['/usr/bin/redis-server'],
    ready: ({ port }) => ({ protocol: 'redis', port }),
  },
  fill: () => [],
};

export const NATIVE = runner('native', 'none', 'none');
export const DOCKER = runner('docker', 'container', 'none');
export const KVM = runner('kvm', 'vm', 'kvm');
export const TCG = runner('tcg-direct', 'vm', 'tcg');

export function runner(
  as: string,
  isolation: 'none' | 'container' | 'vm',
  accelerator: 'none' | 'kvm' | 'tcg',
): ManifestRunner {
  const marks = ['launched', 'api', 'exec', 'ready'] as const;
  return {
    id: as,
    as,
    title: as,
    capabilities: { isolation, accelerator, marks, designed: [] },
    versions: {},
    digest: 'd',
  };
}

export const LIMITS: EffectiveLimits = {
  cpus: [1],
  memoryBytes: 2 ** 29,
  swapBytes: 0,
  cpuQuota: null,
  seccomp: 2,
  capabilities: '00000000a80425fb',
  apparmor: 'unconfined',
  vcpus: null,
  emulatorCpus: null,
  diskCache: null,
  accelerator: 'none',
  kernel: '6.1',
  hugePages: 'madvise',
};

export function manifestWith(runners: readonly ManifestRunner[]): Manifest {
  const workload = REDIS;
  const experiments = [
    startupExperiment({ workload, pilotBlocks: 3, stopTimeoutMs: 1 }),
    diskExperiment({ workload, rampBlocks: 3 }),
  ];
  return {
    schema: 1,
    runId: '20260102-030405-a1b2c3',
    tare: '0.1.0',
    startedAt: '2026-01-02T03:04:05Z',
    config: {},
    seed: 1,
    host: {
      ...{ kernel: '6.1', distribution: 'Debian', cpuModel: null, cpus: 2, memoryBytes: 2 ** 34, cgroup: 'v2' },
      ...{ init: 'systemd', virtualised: true, kvm: false, governor: null, smt: null, stateFileSystem: 'ext4' },
    },
    image: { digest: 'sha256:0', packages: 1, createdAt: '2026-01-02T03:04:05Z', suite: 'bookworm' },
    runners,
    unavailable: [],
    experiments: experiments.map(({ id, metrics }) => ({
      ...{ id, workload: 'redis', metrics, pilotBlocks: 0, minimumBlocks: 6, frozen: null },
    })),
    columns: { container: 'docker', vm: 'tcg-direct' },
    spec: { cpus: [1], memoryBytes: 2 ** 29, diskCache: 'none', network: 'bridge', clientCpus: [0] },
    vmImage: 'our minimal build',
    workloadSettings: {},
    level: 0.95,
    comparisons: 1,
    delta: 0.05,
  };
}

export function at(as: string, block: number, phase: 'pilot' | 'measured' = 'measured'): Coordinates {
  return {
    session: 1,
    experiment: 'startup',
    workload: 'redis',
    runner: as,
    block,
    position: block % 3,
    phase,
    instance: block,
  };
}

export function ready(as: string, values: readonly (number | 'failed')[], phase?: 'pilot'): readonly JournalEvent[] {
  return values.map((value, block): JournalEvent => {
    const coordinates = at(as, block, phase);
    if (value !== 'failed') return { type: 'sample', ...coordinates, metric: 'ready', operation: 0, value };
    return { type: 'failure', ...coordinates, metrics: ['ready'], stage: 'start', code: 'X', message: 'x', marks: {} };
  });
}

/** Values with a spread of 1% around `middle`, in ns. */
export function around(middle: number, blocks: number): readonly number[] {
  return Array.from({ length: blocks }, (_, block) => middle * (1 + 0.01 * Math.sin(block * 7)));
}

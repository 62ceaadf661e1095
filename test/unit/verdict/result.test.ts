import test from 'ava';
import { startupExperiment } from '../../../bench/experiments/startup.ts';
import { diskExperiment } from '../../../bench/experiments/disk.ts';
import type { Coordinates, JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest, ManifestRunner } from '../../../bench/model/manifest.ts';
import type { Cell, Result } from '../../../bench/model/result.ts';
import type { EffectiveLimits } from '../../../bench/model/runner.ts';
import { deriveResult } from '../../../bench/verdict/result.ts';

const NATIVE = runner('native', 'none', 'none');
const DOCKER = runner('docker', 'container', 'none');
const TCG = runner('tcg-direct', 'vm', 'tcg');

function runner(as: string, isolation: 'none' | 'container' | 'vm', accelerator: 'none' | 'tcg'): ManifestRunner {
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

const LIMITS: EffectiveLimits = {
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

function manifestWith(runners: readonly ManifestRunner[]): Manifest {
  const experiments = [startupExperiment({ pilotBlocks: 3, stopTimeoutMs: 1 }), diskExperiment({ rampBlocks: 3 })];
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
    spec: { cpus: [1], memoryBytes: 2 ** 29, diskCache: 'none', network: 'bridge' },
    workloadSettings: {},
    level: 0.95,
    comparisons: 1,
    delta: 0.05,
  };
}

function at(as: string, block: number, phase: 'pilot' | 'measured' = 'measured'): Coordinates {
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

function ready(as: string, values: readonly (number | 'failed')[], phase?: 'pilot'): readonly JournalEvent[] {
  return values.map((value, block): JournalEvent => {
    const coordinates = at(as, block, phase);
    if (value !== 'failed') return { type: 'sample', ...coordinates, metric: 'ready', operation: 0, value };
    return { type: 'failure', ...coordinates, metrics: ['ready'], stage: 'start', code: 'X', message: 'x', marks: {} };
  });
}

function readyCell(result: Result, as: string): Cell | undefined {
  return result.cells.find((cell) => cell.runner === as && cell.metric === 'ready');
}

/** Values with a spread of 1% around `middle`, in ns. */
function around(middle: number, blocks: number): readonly number[] {
  return Array.from({ length: blocks }, (_, block) => middle * (1 + 0.01 * Math.sin(block * 7)));
}

test('a cell holds the median over blocks, and the pilot is not in it', (t) => {
  const events = [...ready('native', [1e9, 1e9, 1e9], 'pilot'), ...ready('native', around(50e6, 8))];
  const cell = readyCell(deriveResult({ manifest: manifestWith([NATIVE]), events }), 'native');
  t.is(cell?.n, 8);
  t.true(Math.abs((cell?.median ?? 0) - 50e6) < 1e6);
  t.true((cell?.ci?.level ?? 0) >= 0.95);
  t.is(cell?.ratioToNative, null);
});

test('the operations of one instance are one number', (t) => {
  const events: JournalEvent[] = [1, 2, 900].map((value, operation) => {
    return { type: 'sample', ...at('native', 0), metric: 'channel', operation, value };
  });
  const result = deriveResult({ manifest: manifestWith([NATIVE]), events });
  const cell = result.cells.find((candidate) => candidate.metric === 'channel');
  t.is(cell?.n, 1);
  t.is(cell?.median, 2);
  t.is(cell?.ci, null);
});

test('a container that takes ten times as long is slower, block by block', (t) => {
  const events = [...ready('native', around(50e6, 8)), ...ready('docker', around(500e6, 8))];
  const ratio = readyCell(deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events }), 'docker')?.ratioToNative;
  t.is(ratio?.verdict, 'slower');
  t.true(ratio?.beyondDelta);
  t.true(Math.abs((ratio?.value ?? 0) - 10) < 0.3);
});

test('too few blocks resolve nothing, and the result says how many it takes', (t) => {
  const events = [...ready('native', around(50e6, 3)), ...ready('docker', around(500e6, 3))];
  const ratio = readyCell(deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events }), 'docker')?.ratioToNative;
  t.is(ratio?.verdict, 'not-resolved');
  t.is(ratio?.needsBlocks, 6);
});

test('failed starts push the median up and are never dropped', (t) => {
  const values = [...around(500e6, 4), 'failed', 'failed', 'failed', 'failed', 'failed'] as const;
  const events = [...ready('native', around(50e6, 9)), ...ready('docker', values)];
  const result = deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events });
  const cell = readyCell(result, 'docker');
  t.is(cell?.failures, 5);
  t.is(cell?.n, 4);
  t.is(cell?.median, null);
  t.is(cell?.ci?.hi, null);
  t.deepEqual(
    result.failures.map((failure) => failure.count),
    [5],
  );
});

test('emulated values have neither ratio nor verdict, but bytes stay assessable', (t) => {
  const bytes: JournalEvent[] = [0, 1, 2].map((block) => {
    const coordinates = { ...at('tcg-direct', block), experiment: 'disk' };
    return { type: 'sample', ...coordinates, metric: 'image', operation: 0, value: 400e6 };
  });
  const events = [...ready('native', around(50e6, 8)), ...ready('tcg-direct', around(5e9, 8)), ...bytes];
  const result = deriveResult({ manifest: manifestWith([NATIVE, TCG]), events });
  const cell = readyCell(result, 'tcg-direct');
  t.is(cell?.status, 'emulated');
  t.is(cell?.ratioToNative, null);
  t.is(result.cells.find((candidate) => candidate.metric === 'image')?.status, 'assessable');
  const half = (id: string) =>
    result.claims.find((claim) => claim.id === id)?.halves.find(({ column }) => column === 'vm');
  t.is(half('startup')?.verdict, 'not-assessable');
  t.is(half('disk')?.verdict, 'does-not-hold');
});

test('an undeclared difference makes the cells not comparable, and both values are shown', (t) => {
  const limits = { ...LIMITS, memoryBytes: 2 ** 30 };
  const events = [
    ...ready('native', around(50e6, 8)),
    ...ready('docker', around(500e6, 8)),
    { type: 'limits', ...at('docker', 0), limits } as const,
  ];
  const result = deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events });
  t.is(readyCell(result, 'docker')?.status, 'not-comparable');
  t.is(readyCell(result, 'docker')?.ratioToNative, null);
  const [difference] = result.differences;
  t.is(difference?.limit, 'memoryBytes');
  t.is(difference?.designed, null);
  t.not(difference?.expected, difference?.actual);
});

test('a journal without its last line is a cut run', (t) => {
  const manifest = manifestWith([NATIVE]);
  t.is(deriveResult({ manifest, events: [] }).outcome, 'cut');
  const end = { type: 'end', outcome: 'complete', message: '', at: '' } as const;
  t.is(deriveResult({ manifest, events: [end] }).outcome, 'complete');
});

test('the same evidence gives the same result', (t) => {
  const manifest = manifestWith([NATIVE, DOCKER]);
  const events = [...ready('native', around(50e6, 20)), ...ready('docker', around(500e6, 20))];
  t.is(JSON.stringify(deriveResult({ manifest, events })), JSON.stringify(deriveResult({ manifest, events })));
});

test('what the marked blocks change is said beside the value, which keeps them', (t) => {
  const guard = (block: number): JournalEvent => {
    return {
      type: 'guard',
      experiment: 'startup',
      block,
      phase: 'measured',
      guard: 'steal',
      tripped: block > 5,
      value: 9,
      message: 'x',
    };
  };
  const events = [
    ...ready('native', [1, 1, 1, 1, 1, 1, 9, 9, 9]),
    ...Array.from({ length: 9 }, (_, block) => guard(block)),
  ];
  const cell = readyCell(deriveResult({ manifest: manifestWith([NATIVE]), events }), 'native');
  t.is(cell?.n, 9);
  t.deepEqual(cell?.withoutMarked, { n: 6, median: 1, ratio: null });
  const unmarked = deriveResult({ manifest: manifestWith([NATIVE]), events: ready('native', [1, 2, 3]) });
  t.is(readyCell(unmarked, 'native')?.withoutMarked, null);
});

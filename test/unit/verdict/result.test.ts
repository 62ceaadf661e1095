import test from 'ava';
import type { GuardEvent, JournalEvent } from '../../../bench/model/journal.ts';
import type { Cell, Result } from '../../../bench/model/result.ts';
import { deriveResult } from '../../../bench/verdict/result.ts';
import { around, at, DOCKER, KVM, LIMITS, manifestWith, NATIVE, ready, TCG } from './manifests.ts';

function readyCell(result: Result, as: string): Cell | undefined {
  return result.cells.find((cell) => cell.runner === as && cell.metric === 'ready');
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

test('a VM has a ratio to the container of its own blocks, and nothing else has one', (t) => {
  const events = [
    ...ready('native', around(50e6, 8)),
    ...ready('docker', around(500e6, 8)),
    ...ready('kvm', around(2000e6, 8)),
    ...ready('tcg-direct', around(9000e6, 8)),
  ];
  const result = deriveResult({ manifest: manifestWith([NATIVE, DOCKER, KVM, TCG]), events });
  const ratio = readyCell(result, 'kvm')?.ratioToContainer;
  t.true(Math.abs((ratio?.value ?? 0) - 4) < 0.1);
  t.is(ratio?.verdict, 'slower');
  t.deepEqual(
    result.cells.filter((cell) => cell.ratioToContainer !== null).map((cell) => cell.runner),
    ['kvm'],
  );
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

const GUARD: Omit<GuardEvent, 'block' | 'tripped'> = {
  ...({ type: 'guard', experiment: 'startup', workload: 'redis', phase: 'measured' } as const),
  ...{ guard: 'steal', value: 9, message: 'x' },
};

test('what the marked blocks change is said beside the value, which keeps them', (t) => {
  const guard = (block: number): JournalEvent => {
    return { ...GUARD, block, tripped: block > 5 };
  };
  const events = [
    ...ready('native', [1, 1, 1, 1, 1, 1, 9, 9, 9]),
    ...Array.from({ length: 9 }, (_, block) => guard(block)),
  ];
  const cell = readyCell(deriveResult({ manifest: manifestWith([NATIVE]), events }), 'native');
  t.is(cell?.n, 9);
  t.deepEqual(cell?.withoutMarked, { n: 6, median: 1, ratioToNative: null });
  const unmarked = deriveResult({ manifest: manifestWith([NATIVE]), events: ready('native', [1, 2, 3]) });
  t.is(readyCell(unmarked, 'native')?.withoutMarked, null);
});

test('a verdict that only the marked blocks bring about is shown with what the others say', (t) => {
  const slow = 15e9;
  const events: readonly JournalEvent[] = [
    ...ready('native', around(1e7, 40)),
    // Half of the starts took minutes while a guard tripped: the class of the whole is not resolved, without them it is seconds.
    ...ready(
      'docker',
      around(2e9, 40).map((value, block) => (block % 2 === 0 ? value * 120 : value)),
    ),
    ...Array.from({ length: 40 }, (_, block) => ({ ...GUARD, block, tripped: block % 2 === 0 })),
  ];
  const result = deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events });
  const half = result.claims.find(({ id }) => id === 'startup')?.halves[0];
  t.not(half?.verdict, half?.withoutMarked?.verdict);
  t.is(half?.withoutMarked?.verdict, 'holds');
  const cell = readyCell(result, 'docker');
  t.is(cell?.withoutMarked?.n, 20);
  t.true((cell?.withoutMarked?.median ?? slow) < slow);
  t.is(cell?.withoutMarked?.ratioToNative?.n, 20);
});

test('a guard of one runner marks its blocks alone, and another workload is not touched', (t) => {
  const events = [
    ...ready('native', around(1, 9)),
    ...ready('docker', around(2, 9)),
    { ...GUARD, block: 0, tripped: true, runner: 'docker' },
    { ...GUARD, block: 1, tripped: true, workload: 'memcached' },
  ];
  const result = deriveResult({ manifest: manifestWith([NATIVE, DOCKER]), events });
  t.is(readyCell(result, 'docker')?.withoutMarked?.n, 8);
  t.is(readyCell(result, 'native')?.withoutMarked, null);
  t.deepEqual(
    result.guards.map((summary) => [summary.workload, summary.runner, summary.tripped]),
    [
      ['redis', 'docker', 1],
      ['memcached', undefined, 1],
    ],
  );
});

test('an instance that was to get other CPUs than the spec is held to those', (t) => {
  const limits = (cpus: readonly number[], asked?: readonly number[]): JournalEvent => {
    const event = { type: 'limits', ...at('docker', 0), limits: { ...LIMITS, cpus } } as const;
    return asked === undefined ? event : { ...event, cpus: asked };
  };
  const manifest = manifestWith([NATIVE, DOCKER]);
  const differing = (event: JournalEvent) => deriveResult({ manifest, events: [event] }).differences.length;
  t.is(differing(limits([0], [0])), 0);
  t.is(differing(limits([1], [0])), 1);
  t.is(differing(limits([0])), 1);
});

test('a ramp comes out step by step, with the rule that ended it', (t) => {
  const step = {
    arm: 'idle',
    launched: 1,
    ready: 1,
    alive: 1,
    usedBytes: 10,
    availableBytes: 90,
    startNs: 5,
    stop: null,
  };
  const stop = { rule: 'ceiling', message: 'all 2 that were asked for' };
  const events: readonly JournalEvent[] = [
    { type: 'ramp', ...at('docker', 0), experiment: 'density', ...step },
    { type: 'ramp', ...at('docker', 0), experiment: 'density', ...step, launched: 2, stop },
    { type: 'ramp', ...at('docker', 1), experiment: 'density', ...step },
  ];
  const { ramps } = deriveResult({ manifest: manifestWith([DOCKER]), events });
  t.deepEqual(
    ramps.map(({ block, steps }) => [block, steps.length]),
    [
      [0, 2],
      [1, 1],
    ],
  );
  t.deepEqual(ramps[0]?.steps.at(-1)?.stop, stop);
});

import test from 'ava';
import type { RatioToNative } from '../../../bench/model/result.ts';
import type { EvidenceCell } from '../../../bench/verdict/claims.ts';
import { type Box, evidenceCell, halfOf, ratio } from './evidence.ts';

const PROGRAMS = ['redis inside', 'memcached inside', 'sysbench cpu'] as const;

function program(box: Box, name: string, change: Partial<EvidenceCell> = {}): EvidenceCell {
  const [workload = '', metric = ''] = name.split(' ');
  return evidenceCell(box, ['throughput', workload, metric], change);
}

/** A native value of every program, and docker's with these ratios, in their order. */
function docker(...ratios: readonly (RatioToNative | null)[]): readonly EvidenceCell[] {
  return [
    ...PROGRAMS.slice(0, ratios.length).map((name) => program('native', name)),
    ...ratios.map((ratioToNative, index) => program('docker', PROGRAMS[index] ?? '', { ratioToNative })),
  ];
}

function guest(...ratios: readonly (RatioToNative | null)[]): readonly EvidenceCell[] {
  return ratios.map((ratioToContainer, index) => program('kvm', PROGRAMS[index] ?? '', { ratioToContainer }));
}

test('a container above 0.95 of native in every program is near native', (t) => {
  const half = halfOf('performance', 'container', {
    cells: docker(ratio(0.96, 0.99), ratio(0.97, 1.02), ratio(1.01, 1.1)),
  });
  t.is(half.verdict, 'holds');
  t.is(half.reason, 'above 0.95 of native in all 3 programs');
  t.deepEqual(half.evidence, [
    'docker/throughput/redis/inside',
    'docker/throughput/memcached/inside',
    'docker/throughput/sysbench/cpu',
  ]);
});

test('a container below 0.95 in every program is not near native', (t) => {
  const half = halfOf('performance', 'container', { cells: docker(ratio(0.5, 0.6), ratio(0.7, 0.949)) });
  t.is(half.verdict, 'does-not-hold');
  t.is(half.reason, 'below 0.95 of native in all 2 programs');
});

test('one program below refutes "near native", and the reason calls it mixed and names the program', (t) => {
  const half = halfOf('performance', 'container', {
    cells: docker(ratio(0.96, 0.99), ratio(0.7, 0.75), ratio(0.93, 0.97)),
  });
  t.is(half.verdict, 'does-not-hold');
  t.regex(half.reason, /^mixed: above 0\.95 of native in 1 of 3 programs; /);
  t.regex(half.reason, /below 0\.95 of native: memcached inside 0\.725× \(0\.700–0\.750×\);/);
  t.regex(half.reason, /not resolved: sysbench cpu \(needs about \d+ blocks\)$/);
});

test('an interval across 0.95 leaves it not resolved, with the blocks that it would take', (t) => {
  const open = ratio(0.93, 1.01, { value: 0.97 });
  const half = halfOf('performance', 'container', { cells: docker(ratio(0.96, 0.99), open) });
  t.is(half.verdict, 'not-resolved');
  t.is(half.reason, 'above 0.95 of native in 1 of 2 programs; not resolved: memcached inside (needs about 50 blocks)');
});

test('too few blocks for an interval say how many it takes', (t) => {
  const half = halfOf('performance', 'container', { cells: docker(ratio(1, 1, { ci: null, n: 3, needsBlocks: 9 })) });
  t.like(half, { verdict: 'not-resolved', reason: 'not resolved: redis inside (needs about 9 blocks)' });
});

test('of a metric that is better low the inverse counts, while the ratio is shown as it was measured', (t) => {
  const lower = (lo: number, hi: number | null) => [
    program('native', 'redis p99', { better: 'lower' }),
    program('docker', 'redis p99', { better: 'lower', ratioToNative: ratio(lo, hi) }),
  ];
  t.is(halfOf('performance', 'container', { cells: lower(0.9, 1.05) }).verdict, 'holds');
  t.is(halfOf('performance', 'container', { cells: lower(1.06, 1.2) }).verdict, 'does-not-hold');
  const open = halfOf('performance', 'container', { cells: lower(1.02, null) });
  t.is(open.verdict, 'not-resolved');
  t.is(open.reason, 'not resolved: redis p99 (needs about 14 blocks)');
  const mixed = halfOf('performance', 'container', { cells: [...docker(ratio(0.96, 0.99)), ...lower(1.06, 1.2)] });
  t.regex(mixed.reason, /below 0\.95 of native: redis p99 1\.13× \(1\.06–1\.20×\), less is better$/);
});

test('a program that the container was not measured with keeps "every" open', (t) => {
  const [native, other, own] = docker(ratio(0.96, 0.99), ratio(0.96, 0.99));
  const cells = [native, other, own].filter((cell) => cell !== undefined);
  const half = halfOf('performance', 'container', { cells });
  t.is(half.verdict, 'not-resolved');
  t.regex(half.reason, /not resolved: memcached inside was not measured$/);
});

test('a program that always failed is told as such', (t) => {
  const [first, second, own] = docker(ratio(0.96, 0.99), null);
  const failed = program('docker', 'memcached inside', { n: 0, failures: 7, median: null, ci: null });
  const cells = [first, second, own, failed].filter((cell) => cell !== undefined);
  t.regex(halfOf('performance', 'container', { cells }).reason, /memcached inside has 7 failures$/);
});

test('without native nothing can be said', (t) => {
  const half = halfOf('performance', 'container', { cells: [program('docker', 'redis inside')] });
  t.like(half, { verdict: 'not-assessable', reason: 'no program has a ratio to native' });
});

test('a VM below the container in every program is weaker, above in every one is not', (t) => {
  const weaker = halfOf('performance', 'vm', { cells: guest(ratio(0.4, 0.5), ratio(0.9, 0.999)) });
  t.like(weaker, { verdict: 'holds', reason: 'weaker than docker in all 2 programs' });
  const stronger = halfOf('performance', 'vm', { cells: guest(ratio(1.1, 1.2)) });
  t.like(stronger, { verdict: 'does-not-hold', reason: 'stronger than docker in its only program' });
});

test('a VM that is weaker here and stronger there is mixed, across 1 not resolved', (t) => {
  const mixed = halfOf('performance', 'vm', { cells: guest(ratio(0.4, 0.5), ratio(1.1, 1.2)) });
  t.is(mixed.verdict, 'does-not-hold');
  t.is(
    mixed.reason,
    'mixed: weaker than docker in 1 of 2 programs; stronger than docker: memcached inside 1.15× (1.10–1.20×)',
  );
  t.is(halfOf('performance', 'vm', { cells: guest(ratio(0.4, 0.5), ratio(0.9, 1.1)) }).verdict, 'not-resolved');
});

test('an emulated VM is not assessable, and its cells are the evidence', (t) => {
  const half = halfOf('performance', 'vm', { cells: [program('tcg', 'redis inside')], columns: { vm: 'tcg' } });
  t.is(half.verdict, 'not-assessable');
  t.regex(half.reason, /^emulated: no \/dev\/kvm/);
  t.deepEqual(half.evidence, ['tcg/throughput/redis/inside']);
});

test('cells that are not comparable, or of the wrong kind of box, decide nothing', (t) => {
  const odd = program('docker', 'redis inside', { comparable: false, ratioToNative: ratio(0.96, 0.99) });
  t.regex(halfOf('performance', 'container', { cells: [odd] }).reason, /^not comparable/);
  const swapped = halfOf('performance', 'vm', { cells: docker(ratio(0.96, 0.99)), columns: { vm: 'docker' } });
  t.is(swapped.verdict, 'not-assessable');
});

test('a secondary metric and the harness decide nothing', (t) => {
  const cells = [
    ...docker(ratio(0.96, 0.99)),
    program('docker', 'redis p99', { primary: false, ratioToNative: ratio(0.1, 0.2) }),
    { ...program('native', 'harness own'), runner: 'null' },
  ];
  t.is(halfOf('performance', 'container', { cells }).verdict, 'holds');
});

import test from 'ava';
import { CATALOGUE } from '../../../bench/verdict/catalogue.ts';
import { type Column, decideClaims, type Evidence, type EvidenceCell } from '../../../bench/verdict/claims.ts';
import { halfOf } from './evidence.ts';

const SECOND = 1e9;

const BOXES = {
  docker: { runner: 'docker', isolation: 'container', accel: 'none' },
  kvm: { runner: 'kvm', isolation: 'vm', accel: 'kvm' },
  tcg: { runner: 'tcg-direct', isolation: 'vm', accel: 'tcg' },
} as const;

type Box = keyof typeof BOXES;

function cell(box: Box, metric: string, change: Partial<EvidenceCell> = {}): EvidenceCell {
  const experiment = metric === 'ready' ? 'startup' : 'disk';
  const workload = change.workload ?? 'redis';
  return {
    key: `${BOXES[box].runner}/${experiment}/${workload}/${metric}`,
    ...BOXES[box],
    experiment,
    workload,
    metric,
    unit: metric === 'ready' ? 'ns' : 'bytes',
    n: 12,
    failures: 0,
    median: null,
    ci: null,
    level: null,
    better: 'lower',
    primary: metric === 'ready',
    comparable: true,
    ratioToNative: null,
    ratioToContainer: null,
    ...change,
  };
}

function ready(box: Box, lo: number, hi: number, change: Partial<EvidenceCell> = {}): EvidenceCell {
  const ci = { lo: lo * SECOND, hi: hi * SECOND };
  return cell(box, 'ready', { median: ((lo + hi) / 2) * SECOND, ci, level: 0.96, ...change });
}

function half(
  id: string,
  column: Column,
  cells: readonly EvidenceCell[],
  columns: Partial<Evidence['columns']> = {},
  vmImage = 'our minimal build',
) {
  return halfOf(id, column, { cells, columns, vmImage });
}

test('the table stands as the source has it, in both languages and in its order', (t) => {
  const rows = decideClaims(CATALOGUE, { cells: [], columns: { container: null, vm: null }, vmImage: '', ramps: [] });
  t.deepEqual(
    rows.map(({ id, feature, halves }) => [id, feature.zh, ...halves.map((found) => found.source.zh)]),
    [
      ['startup', '启动', '秒级', '分钟级'],
      ['disk', '硬盘使用', '一般为 MB', '一般为 GB'],
      ['performance', '性能', '接近原生', '弱于'],
      ['density', '系统支持量', '单机支持上千个容器', '一般几十个'],
    ],
  );
  t.deepEqual(
    rows.map(({ feature, halves }) => [feature.en, ...halves.map((found) => found.source.en)]),
    [
      ['startup', 'seconds', 'minutes'],
      ['disk use', 'usually MB', 'usually GB'],
      ['performance', 'near native', 'weaker'],
      ['instances per host', 'thousands of containers', 'usually dozens'],
    ],
  );
});

test('what was not measured is not assessable, row by row and half by half', (t) => {
  for (const id of ['startup', 'disk', 'performance', 'density']) {
    for (const column of ['container', 'vm'] as const) {
      t.like(half(id, column, []), { verdict: 'not-assessable', reason: 'not measured in this run', evidence: [] });
    }
  }
});

test('the class of the whole interval decides a start', (t) => {
  t.like(half('startup', 'container', [ready('docker', 2, 3)]), {
    verdict: 'holds',
    evidence: ['docker/startup/redis/ready'],
  });
  t.like(half('startup', 'container', [ready('docker', 70, 80)]), { verdict: 'does-not-hold' });
  t.like(half('startup', 'vm', [ready('kvm', 70, 80)]), { verdict: 'holds' });
});

test('a faster start than claimed holds and says so', (t) => {
  for (const [column, found] of [
    ['container', half('startup', 'container', [ready('docker', 0.4, 0.5)])],
    ['vm', half('startup', 'vm', [ready('kvm', 4, 5)])],
  ] as const) {
    t.is(found.verdict, 'holds', column);
    t.regex(found.reason, /^faster than claimed$/);
  }
});

test('the classes begin at 1 s and at 60 s', (t) => {
  t.notRegex(half('startup', 'container', [ready('docker', 1, 1.5)]).reason, /faster/);
  t.regex(half('startup', 'container', [ready('docker', 0.5, 0.999)]).reason, /faster/);
  t.is(half('startup', 'container', [ready('docker', 2, 59.9)]).verdict, 'holds');
  t.is(half('startup', 'container', [ready('docker', 60, 61)]).verdict, 'does-not-hold');
});

test('an interval across a boundary is not resolved, also where failures reach it', (t) => {
  t.is(half('startup', 'container', [ready('docker', 50, 70)]).verdict, 'not-resolved');
  t.is(half('startup', 'container', [ready('docker', 0.9, 1.1)]).verdict, 'not-resolved');
  const failing = half('startup', 'container', [ready('docker', 2, Infinity, { median: 3 * SECOND, failures: 3 })]);
  t.is(failing.verdict, 'not-resolved');
  t.regex(failing.reason, /from seconds to minutes; 3 failed$/);
});

test('too few blocks for a 95% interval resolve no start', (t) => {
  t.is(half('startup', 'container', [ready('docker', 2, 3, { ci: null, level: null })]).verdict, 'not-resolved');
  t.is(half('startup', 'container', [ready('docker', 2, 3, { n: 3, level: 0.75 })]).verdict, 'not-resolved');
});

test('starts that failed are told as such', (t) => {
  const all = half('startup', 'container', [cell('docker', 'ready', { n: 0, failures: 7 })]);
  t.like(all, { verdict: 'not-assessable', reason: 'no value: 7 failed' });
  const most = half('startup', 'container', [cell('docker', 'ready', { n: 3, failures: 5 })]);
  t.like(most, { verdict: 'not-assessable', reason: 'no finite median: 5 of 8 failed' });
});

test('under emulation the start of a VM is not assessable while its disk is', (t) => {
  const columns = { vm: 'tcg-direct' };
  const cells = [
    ready('tcg', 12, 14),
    ready('docker', 0.4, 0.5),
    cell('tcg', 'image', { median: 2e9, ci: { lo: 2e9, hi: 2e9 }, level: 0.75 }),
  ];
  const start = half('startup', 'vm', cells, columns);
  t.is(start.verdict, 'not-assessable');
  t.regex(start.reason, /^emulated: no \/dev\/kvm/);
  t.deepEqual(start.evidence, ['tcg-direct/startup/redis/ready']);
  t.is(half('startup', 'container', cells, columns).verdict, 'holds');
  t.is(half('disk', 'vm', cells, columns).verdict, 'holds');
});

test('the halves of a row are decided apart', (t) => {
  const cells = [cell('docker', 'image', { median: 3e8 }), cell('kvm', 'image', { median: 4e8 })];
  t.is(half('disk', 'container', cells).verdict, 'holds');
  t.is(half('disk', 'vm', cells).verdict, 'does-not-hold');
});

test('a small container image is better than claimed, a small VM image is not and names its provenance', (t) => {
  const small = half('disk', 'container', [cell('docker', 'image', { median: 5e5 })]);
  t.is(small.verdict, 'holds');
  t.regex(small.reason, /^smaller than claimed$/);
  const vm = half('disk', 'vm', [cell('kvm', 'image', { median: 4e8 })]);
  t.is(vm.verdict, 'does-not-hold');
  t.regex(vm.reason, /our minimal build/);
});

test('a distribution’s cloud image is named, and nothing is said against what it can test', (t) => {
  const image = "the distribution's cloud image debian-12.qcow2";
  const found = half('disk', 'vm', [cell('kvm', 'image', { median: 4e8 })], {}, image);
  t.like(found, { verdict: 'does-not-hold', reason: `smaller than claimed; the image is ${image}` });
});

test('the classes of disk use are decimal', (t) => {
  const image = (box: Box, median: number) => [cell(box, 'image', { median })];
  t.is(half('disk', 'container', image('docker', 999_999_999)).verdict, 'holds');
  t.is(half('disk', 'container', image('docker', 1e9)).verdict, 'does-not-hold');
  t.is(half('disk', 'vm', image('kvm', 1e9)).verdict, 'holds');
  t.is(half('disk', 'vm', image('kvm', 1e12)).verdict, 'does-not-hold');
  const across = cell('docker', 'image', { median: 1e9, ci: { lo: 9e8, hi: 1.1e9 }, level: 0.75 });
  t.is(half('disk', 'container', [across]).verdict, 'not-resolved');
});

test('the other disk metrics are told and linked, but do not decide', (t) => {
  const found = half('disk', 'container', [
    cell('docker', 'image', { median: 3e8 }),
    cell('docker', 'marginal-data', { median: 2e9 }),
    cell('docker', 'distribution', { median: 1e8 }),
    cell('kvm', 'distribution', { median: 7e8 }),
  ]);
  t.is(found.verdict, 'holds');
  t.regex(found.reason, /beside it marginal-data 2\.00 GB, distribution 100 MB$/);
  t.deepEqual(found.evidence, [
    'docker/disk/redis/image',
    'docker/disk/redis/marginal-data',
    'docker/disk/redis/distribution',
  ]);
});

test('cells that are not comparable or come from the wrong kind of box decide nothing', (t) => {
  const odd = half('startup', 'container', [ready('docker', 2, 3, { comparable: false })]);
  t.like(odd, { verdict: 'not-assessable', evidence: ['docker/startup/redis/ready'] });
  const swapped = half('startup', 'vm', [ready('docker', 2, 3)], { vm: 'docker' });
  t.is(swapped.verdict, 'not-assessable');
});

test('a column without a runner, or a runner without a value, is said', (t) => {
  const cells = [ready('docker', 2, 3)];
  t.regex(half('startup', 'vm', cells, { vm: null }).reason, /no runner for the vm column/);
  t.regex(half('startup', 'vm', cells).reason, /^kvm has no value of ready/);
});

test('workloads must agree', (t) => {
  const other = (lo: number, hi: number) => ready('docker', lo, hi, { workload: 'memcached' });
  t.is(half('startup', 'container', [ready('docker', 2, 3), other(3, 4)]).verdict, 'holds');
  const mixed = half('startup', 'container', [ready('docker', 2, 3), other(70, 80)]);
  t.is(mixed.verdict, 'not-resolved');
  t.is(mixed.evidence.length, 2);
});

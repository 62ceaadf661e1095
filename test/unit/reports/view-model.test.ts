import test from 'ava';
import { viewOf } from '../../../reports/view-model.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';

const tcg = reportFixture({ vm: 'tcg', hostile: false }).result;
const kvm = reportFixture({ vm: 'kvm', hostile: false }).result;

test('emulated times stand apart, and emulated bytes with the others under the name of the emulator', (t) => {
  const { emulated, ordinary } = viewOf(tcg);
  t.deepEqual(
    emulated.map(({ runner }) => runner.label),
    ['QEMU TCG (emulated, not KVM)'],
  );
  t.deepEqual(
    [...new Set(emulated.flatMap(({ cells }) => cells.map(({ experiment }) => experiment)))],
    ['startup', 'throughput', 'density'],
  );
  const own = ordinary.filter(({ cell }) => cell.runner === 'tcg-direct');
  t.true(own.length > 0);
  t.true(own.every(({ cell, runner }) => cell.unit === 'bytes' && runner.label.includes('not KVM')));
});

test('a value of an emulated runner that is not comparable stands apart as well', (t) => {
  const cells = tcg.cells.map((cell) =>
    cell.runner === 'tcg-direct' ? { ...cell, status: 'not-comparable' as const } : cell,
  );
  const { emulated, ordinary, table } = viewOf({ ...tcg, cells });
  t.is(emulated[0]?.cells.length, cells.filter(({ runner }) => runner === 'tcg-direct').length);
  t.false(ordinary.some(({ cell }) => cell.runner === 'tcg-direct'));
  t.true(table[1]?.halves.vm?.emulated);
});

test("the harness's own cost is in no row and no section but its own", (t) => {
  const view = viewOf(tcg);
  t.true(view.harness.length > 0);
  t.false(view.ordinary.some(({ cell }) => cell.runner === 'null'));
  t.false(view.table.some((row) => row.others.some(({ cell }) => cell.runner === 'null')));
});

test('a half shows the runner that stands for its column, by the quantity that decides', (t) => {
  const [startup] = viewOf(kvm).table;
  t.deepEqual(
    startup?.halves.vm?.measured.map(({ key }) => key),
    ['kvm-direct/startup/redis/ready'],
  );
  t.deepEqual(
    startup?.others.map(({ runner, column }) => [runner.id, column]),
    [
      ['native', null],
      ['unshare', 'container'],
      ['runc', 'container'],
      ['nspawn', 'container'],
      ['lxc', 'container'],
    ],
  );
});

test('only compared cells have a ratio', (t) => {
  t.deepEqual([...new Set(viewOf(tcg).ratios.map(({ runner }) => runner.id))], ['unshare', 'runc', 'nspawn', 'docker']);
  t.true(viewOf(tcg).ratios.every(({ cell }) => cell.metric !== 'score'));
});

test('performance is about primary programs, by their ratios, and native is not among the others', (t) => {
  const row = viewOf(kvm).table.find(({ id }) => id === 'performance');
  t.is(row?.shows, 'ratio');
  for (const half of [row?.halves.container, row?.halves.vm]) {
    t.is(half?.measured.length, 7);
    t.true(half?.measured.every(({ experiment, primary }) => experiment === 'throughput' && primary));
  }
  t.deepEqual([...new Set(row?.others.map(({ runner }) => runner.id))], ['runc']);
});

test('density shows idle instances that stood; what is projected stands beside', (t) => {
  const row = viewOf(kvm).table.find(({ id }) => id === 'density');
  const ids = (cells: readonly { readonly metric: string }[] = []) => cells.map(({ metric }) => metric);
  t.deepEqual(ids(row?.halves.vm?.measured), ['achieved-idle']);
  t.deepEqual(ids(row?.halves.vm?.beside), ['projected-idle']);
  t.deepEqual(
    row?.others.map(({ runner }) => runner.id),
    ['native', 'runc'],
  );
});

test('emulated programs and ramps are in no row', (t) => {
  for (const { halves } of viewOf(tcg).table.filter(({ id }) => id === 'performance' || id === 'density')) {
    t.true(halves.vm?.emulated);
    t.deepEqual([halves.vm?.measured, halves.vm?.beside], [[], []]);
  }
});

test('a name has the program in it where the run had several', (t) => {
  const [cell] = kvm.cells.filter(({ workload }) => workload === 'memcached');
  t.truthy(cell);
  const memcached = cell as (typeof kvm.cells)[number];
  t.is(viewOf(kvm).nameOf(memcached), 'memcached inside');
  t.is(viewOf({ ...kvm, cells: [memcached] }).nameOf(memcached), 'inside');
});

test('a count of instances knows the rules that ended its ramps, with how often where they differ', (t) => {
  const cell = kvm.cells.find(({ key }) => key === 'docker/density/redis/achieved-idle');
  const ready = kvm.cells.find(({ key }) => key === 'docker/startup/redis/ready');
  t.truthy(cell && ready);
  if (!cell || !ready) return;
  t.is(viewOf(kvm).endedBy(cell), 'ceiling');
  t.is(viewOf(kvm).endedBy(ready), null);
  const ramps = kvm.ramps.map((ramp) =>
    ramp.block === 0 ? { ...ramp, steps: ramp.steps.map((step) => ({ ...step, stop: null })) } : ramp,
  );
  t.is(viewOf({ ...kvm, ramps }).endedBy(cell), 'no rule (1×), ceiling (2×)');
  t.is(viewOf({ ...kvm, ramps: [] }).endedBy(cell), null);
});

test('two emulated runners of the same title are told apart', (t) => {
  const [emulated] = tcg.runners.filter(({ accel }) => accel === 'tcg');
  t.truthy(emulated);
  const second = { ...(emulated as (typeof tcg.runners)[number]), as: 'tcg' };
  const labels = viewOf({ ...tcg, runners: [...tcg.runners, second] }).runners.map(({ label }) => label);
  t.is(new Set(labels).size, labels.length);
});

test('a result without claims, cells and runners has an empty view', (t) => {
  const view = viewOf({ ...tcg, claims: [], cells: [], runners: [] });
  t.deepEqual([view.table, view.ordinary, view.ratios, view.emulated, view.harness], [[], [], [], [], []]);
});

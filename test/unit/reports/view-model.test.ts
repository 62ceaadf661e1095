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
  t.true(emulated.every(({ cells }) => cells.every(({ unit }) => unit === 'ns')));
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
  t.deepEqual(
    viewOf(tcg).ratios.map(({ runner }) => runner.id),
    ['unshare', 'runc', 'nspawn', 'docker'],
  );
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

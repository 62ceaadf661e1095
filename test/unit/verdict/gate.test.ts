import test from 'ava';
import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest } from '../../../bench/model/manifest.ts';
import { gateOf } from '../../../bench/verdict/gate.ts';
import { gateMarkdown, renderGate } from '../../../reports/gate.ts';
import { around, DOCKER, KVM, manifestWith, NATIVE, ready, runner, TCG } from './manifests.ts';

const RUNC = runner('runc', 'container', 'none');

function bundle(events: readonly JournalEvent[], change: Partial<Manifest> = {}, runners = [NATIVE, DOCKER]) {
  return { folder: '/nowhere', manifest: { ...manifestWith(runners), ...change }, events, tornBytes: 0 };
}

const BEFORE = bundle([...ready('native', around(50e6, 12)), ...ready('docker', around(500e6, 12))]);

function after(docker: readonly (number | 'failed')[], native = around(50e6, 12)) {
  return bundle([...ready('native', native), ...ready('docker', docker)], { runId: '20260109-030405-d4e5f6' });
}

test('worse by more than is allowed is a regression, and says by how much at least', (t) => {
  const gate = gateOf(BEFORE, after(around(600e6, 12)), 0.05);
  t.is(gate.verdict, 'regression');
  const [cell, ...more] = gate.cells;
  t.is(more.length, 0);
  t.is(cell?.key, 'docker/startup/redis/ready');
  t.true(Math.abs((cell?.worse ?? 0) - 1.2) < 0.02);
  t.true((cell?.atLeast ?? 0) > 1.05 && (cell?.atLeast ?? 9) < 1.2);
});

test('as good as before passes; a little worse, within what is allowed, does as well', (t) => {
  t.is(gateOf(BEFORE, after(around(500e6, 12)), 0.05).verdict, 'passed');
  t.is(gateOf(BEFORE, after(around(510e6, 12)), 0.05).verdict, 'passed');
  t.is(gateOf(BEFORE, after(around(400e6, 12)), 0.05).verdict, 'passed');
});

test('two blocks cannot tell, and that is no pass', (t) => {
  const few = bundle([...ready('native', around(50e6, 2)), ...ready('docker', around(500e6, 2))]);
  const gate = gateOf(few, after(around(900e6, 2)), 0.05);
  t.is(gate.verdict, 'not-resolved');
  t.is(gate.cells[0]?.atLeast, null);
  t.true(Math.abs((gate.cells[0]?.smallestP ?? 0) - 1 / 6) < 1e-12);
});

test('starts that fail are worse than slow ones', (t) => {
  const gate = gateOf(BEFORE, after(Array.from({ length: 12 }, () => 'failed' as const)), 0.05);
  t.is(gate.verdict, 'regression');
  t.like(gate.cells[0], { b: { n: 0, failures: 12, median: null }, worse: null, atMost: null });
});

test('a cell that the second run lacks is named, and keeps the gate from passing', (t) => {
  const both = bundle([...BEFORE.events, ...ready('runc', around(90e6, 12))], {}, [NATIVE, DOCKER, RUNC]);
  const gate = gateOf(both, after(around(500e6, 12)), 0.05);
  t.deepEqual(gate.missing, ['runc/startup/redis/ready']);
  t.is(gate.verdict, 'not-resolved');
  t.regex(renderGate(gate, { color: false, width: 120 }), /Only the first run has: runc/);
});

test('the harness’s own cost is a control too', (t) => {
  const events = [...BEFORE.events, ...ready('null', around(9e6, 12))];
  const slower = [...BEFORE.events, ...ready('null', around(90e6, 12))];
  const gate = gateOf(bundle(events), bundle(slower), 0.05);
  t.is(gate.verdict, 'passed');
  t.deepEqual(gate.controls.map(({ runner: id }) => id).toSorted(), ['native', 'null']);
});

test('native is a control: where it moved that is said, and it fails nothing', (t) => {
  const gate = gateOf(BEFORE, after(around(500e6, 12), around(80e6, 12)), 0.05);
  t.is(gate.verdict, 'passed');
  t.deepEqual(
    gate.controls.map(({ key }) => key),
    ['native/startup/redis/ready'],
  );
  t.regex(renderGate(gate, { color: false, width: 120 }), /the two sessions differ/);
});

test('another host, image, size or accelerator is refused with the difference', (t) => {
  const host = { ...BEFORE.manifest.host, cpus: 4 };
  const refused = (change: Partial<Manifest>, runners = [NATIVE, DOCKER]) =>
    t.throws(() => gateOf(BEFORE, bundle(BEFORE.events, change, runners), 0.05), { code: 'NOT_COMPARABLE' });
  t.regex(refused({ host })?.message ?? '', /host cpus is 2 in the first and 4 in the second/);
  t.regex(refused({ image: { ...BEFORE.manifest.image, digest: 'sha256:1' } })?.message ?? '', /image digest/);
  t.regex(refused({ spec: { ...BEFORE.manifest.spec, memoryBytes: 2 ** 30 } })?.message ?? '', /instance memoryBytes/);
  const [kvm, nested] = [
    bundle(BEFORE.events, {}, [NATIVE, KVM]),
    { ...KVM, capabilities: { ...KVM.capabilities, nested: true } },
  ];
  const accelerated = (other: typeof KVM) =>
    t.throws(() => gateOf(kvm, bundle(BEFORE.events, {}, [NATIVE, other]), 0.05), { code: 'NOT_COMPARABLE' });
  t.regex(accelerated({ ...TCG, id: 'kvm' })?.message ?? '', /runner kvm accelerator is kvm in the first and tcg/);
  t.regex(accelerated(nested)?.message ?? '', /runner kvm nested is false/);
});

test('versions may differ: they are told as what changed', (t) => {
  const newer = { ...runner('docker', 'container', 'none'), versions: { docker: '29.0' } };
  const gate = gateOf(BEFORE, bundle(BEFORE.events, {}, [NATIVE, newer]), 0.05);
  t.deepEqual(gate.changes, [{ what: 'runner docker docker', a: 'not known', b: '29.0' }]);
});

test('runs without a cell in common are refused, and an emulated cell is none', (t) => {
  const emulated = bundle(ready('tcg-direct', around(4e9, 12)), {}, [TCG]);
  t.throws(() => gateOf(emulated, emulated, 0.05), { code: 'NO_CELLS' });
});

test('the same run against itself passes, and both texts hold every cell', (t) => {
  const gate = gateOf(BEFORE, BEFORE, 0.05);
  t.is(gate.verdict, 'passed');
  for (const text of [renderGate(gate, { color: false, width: 120 }), gateMarkdown(gate)]) {
    t.regex(text, /✓/);
    t.regex(text, /docker\/startup\/redis\/ready/);
    t.regex(text, /native\/startup\/redis\/ready/);
    t.regex(text, /12/);
  }
  t.false(renderGate(gate, { color: false, width: 120 }).includes('\u001b'));
});

test('hostile text in a bundle stays text', (t) => {
  const bad = { ...runner('docker', 'container', 'none'), versions: { docker: '\u001b[31m|<b>' } };
  const gate = gateOf(BEFORE, bundle(BEFORE.events, {}, [NATIVE, bad]), 0.05);
  t.false(renderGate(gate, { color: false, width: 120 }).includes('\u001b'));
  t.false(gateMarkdown(gate).includes('<b>'));
  t.regex(gateMarkdown(gate), /\\\|/);
});

import test from 'ava';
import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { ManifestRunner } from '../../../bench/model/manifest.ts';
import { pairedGateOf } from '../../../bench/verdict/paired-gate.ts';
import { deriveResult } from '../../../bench/verdict/result.ts';
import { gateMarkdown, renderGate } from '../../../reports/gate.ts';
import { around, at, DOCKER, LIMITS, manifestWith, NATIVE, ready, TCG } from './manifests.ts';

const baselineOf = (of: ManifestRunner): ManifestRunner => ({ ...of, as: `${of.as}-baseline`, baselineOf: of.as });
const BASELINE = {
  source: 'HEAD~1:lab.yaml',
  spec: { cpus: [1], memoryBytes: 2 ** 28, diskCache: 'none', network: 'bridge', clientCpus: [0] },
  maxRegression: 0.05,
} as const;

/** Native alike on both sides, and docker with its baseline. */
function bundle(docker: readonly (number | 'failed')[], before: readonly (number | 'failed')[]) {
  const events: readonly JournalEvent[] = [
    ...[...ready('native', around(50e6, 12)), ...ready('native-baseline', around(50e6, 12))],
    ...[...ready('docker', docker), ...ready('docker-baseline', before)],
  ];
  const runners = [NATIVE, DOCKER, baselineOf(NATIVE), baselineOf(DOCKER)];
  return { folder: '/nowhere', manifest: { ...manifestWith(runners), baseline: BASELINE }, events, tornBytes: 0 };
}

/** A session that gets slower all the time, by much more than what is allowed. */
const drifting = (middle: number) => around(middle, 12).map((value, block) => value * (1 + block / 4));

test('what the session does to both sides goes out: a change of a fifth is found in a drift of three times as much', (t) => {
  const gate = pairedGateOf(bundle(drifting(600e6), drifting(500e6)));
  t.like(gate, { verdict: 'regression', paired: true, a: { runId: 'HEAD~1:lab.yaml' } });
  t.deepEqual(
    gate.cells.map(({ key }) => key),
    ['docker/startup/redis/ready'],
  );
  t.true(Math.abs((gate.cells[0]?.worse ?? 0) - 1.2) < 0.01);
  t.is(gate.cells[0]?.smallestP, 2 ** -12);
  t.deepEqual(
    gate.controls.map(({ runner: id }) => id),
    ['native'],
  );
  t.is(pairedGateOf(bundle(drifting(500e6), drifting(500e6))).verdict, 'passed');
});

test('few blocks cannot tell', (t) => {
  const gate = pairedGateOf(bundle(around(900e6, 3), around(500e6, 3)));
  t.is(gate.verdict, 'not-resolved');
  t.like(gate.cells[0], { atLeast: null, smallestP: 1 / 8 });
});

test('starts that fail are worse than slow ones; a block without its baseline says nothing', (t) => {
  const failing = around(500e6, 12).map(() => 'failed' as const);
  t.is(pairedGateOf(bundle(failing, around(500e6, 12))).verdict, 'regression');
  t.is(pairedGateOf(bundle(around(500e6, 12), failing)).verdict, 'not-resolved');
});

test('a run without a baseline, and one whose cells are emulated, are refused', (t) => {
  const { baseline: _, ...without } = bundle([], []).manifest;
  t.throws(() => pairedGateOf({ ...bundle([], []), manifest: without }), { code: 'NO_BASELINE' });
  const runners = [TCG, baselineOf(TCG)];
  const emulated = bundle([], []);
  const events = [...ready('tcg-direct', around(9e9, 12)), ...ready('tcg-direct-baseline', around(9e9, 12))];
  const manifest = { ...manifestWith(runners), baseline: BASELINE };
  t.throws(() => pairedGateOf({ ...emulated, manifest, events }), { code: 'NO_CELLS' });
});

test('each side is held to its own size', (t) => {
  const limits = (as: string, memoryBytes: number): JournalEvent => {
    return { type: 'limits', ...at(as, 0), limits: { ...LIMITS, memoryBytes } };
  };
  const { manifest } = bundle([], []);
  const found = (docker: number, before: number) =>
    deriveResult({ manifest, events: [limits('docker', docker), limits('docker-baseline', before)] }).differences;
  t.deepEqual(found(2 ** 29, 2 ** 28), []);
  t.deepEqual(
    found(2 ** 29, 2 ** 29).map(({ runner: as, limit }) => [as, limit]),
    [['docker-baseline', 'memoryBytes']],
  );
});

test('it reads like any gate', (t) => {
  const gate = pairedGateOf(bundle(around(600e6, 12), around(500e6, 12)));
  t.regex(renderGate(gate, { color: false, width: 120 }), /regression: \S+ against HEAD~1:lab\.yaml/);
  t.regex(gateMarkdown(gate), /docker\/startup\/redis\/ready/);
});

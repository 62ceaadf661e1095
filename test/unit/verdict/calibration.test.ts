import test from 'ava';
import { aaExperiment, injectExperiment } from '../../../bench/experiments/calibration.ts';
import type { Experiment } from '../../../bench/model/experiment.ts';
import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest } from '../../../bench/model/manifest.ts';
import { calibrationOf } from '../../../bench/verdict/calibration.ts';
import { Series } from '../../../bench/verdict/series.ts';
import { at, DOCKER, manifestWith, REDIS, TCG } from './manifests.ts';

const GATE = 6;
const OPTIONS = { workload: REDIS, gates: 3, gateBlocks: GATE };

function manifestOf({ id, metrics, gateBlocks = 0 }: Experiment): Manifest {
  const planned = { id, workload: 'redis', metrics, gateBlocks, pilotBlocks: 0, minimumBlocks: 6, frozen: null };
  return { ...manifestWith([DOCKER, TCG]), experiments: [planned] };
}

/** Samples of a metric, block by block. */
function samples(experiment: string, metric: string, values: readonly number[], as = 'docker'): JournalEvent[] {
  return values.map((value, block) => {
    return { type: 'sample', ...at(as, block), experiment, metric, operation: 0, value };
  });
}

const times = (count: number, value: (block: number) => number) =>
  Array.from({ length: count }, (_, block) => value(block));

test('comparisons are counted over whole sets of blocks, and a claim of any kind is wrong in A/A', (t) => {
  const base = times(20, (block) => 100 + block);
  // The first comparison finds b slower, the second faster, the third nothing.
  const other = base.map((value, block) => {
    if (block < GATE) return value * 1.1;
    if (block < 2 * GATE) return value / 1.1;
    return block % 2 === 0 ? value * 1.1 : value / 1.1;
  });
  const events = [...samples('aa', 'ready-a', base), ...samples('aa', 'ready-b', other)];
  const [rate, ...rest] = calibrationOf(manifestOf(aaExperiment(OPTIONS)), new Series(events));
  t.deepEqual(rest, []);
  t.like(rate, { runner: 'docker', arm: 'b', injected: null, gates: 3, gateBlocks: GATE, claimed: 2, wrong: 2 });
  t.true((rate?.ci.lo ?? 1) < 2 / 3 && (rate?.ci.hi ?? 0) > 2 / 3);
});

test('where something was injected only "slower" is a find, and its real size is shown', (t) => {
  const base = times(2 * GATE, (block) => 100 + block);
  const events = [
    ...samples('inject', 'ready-0', base),
    ...samples(
      'inject',
      'ready-10',
      base.map((value, block) => (block < GATE ? value * 1.12 : value / 1.12)),
    ),
    ...samples(
      'inject',
      'injected-10',
      base.map((value) => value * 0.12),
    ),
  ];
  const experiment = injectExperiment({ ...OPTIONS, percents: [10], how: 'delay' });
  const [rate] = calibrationOf(manifestOf(experiment), new Series(events));
  t.like(rate, { arm: '10', gates: 2, claimed: 1, wrong: 1 });
  t.true(Math.abs((rate?.injected ?? 0) - 0.12) < 1e-9);
});

test('too few blocks for one comparison, and emulated runners, give none', (t) => {
  const few = times(GATE - 1, () => 100);
  const many = times(GATE, () => 100);
  const events = [
    ...[...samples('aa', 'ready-a', few), ...samples('aa', 'ready-b', few)],
    ...[...samples('aa', 'ready-a', many, 'tcg-direct'), ...samples('aa', 'ready-b', many, 'tcg-direct')],
  ];
  t.deepEqual(calibrationOf(manifestOf(aaExperiment(OPTIONS)), new Series(events)), []);
});

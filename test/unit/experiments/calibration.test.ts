import test from 'ava';
import { aaExperiment, injectExperiment } from '../../../bench/experiments/calibration.ts';
import type { Experiment, Subject } from '../../../bench/model/experiment.ts';
import type { Workload } from '../../../bench/model/workload.ts';
import { fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

const WORKLOAD: Workload = {
  ...{ id: 'none', title: 'none', settings: {}, flavour: 'base', fillBytes: 0, measurements: [] },
  entry: fakeSpec().entry,
  fill: () => [],
};

/** What an experiment records over some blocks of one runner, by block, in order. */
async function recorded(experiment: Experiment, blocks: number): Promise<readonly (readonly [string, number])[][]> {
  const runner = fakeRunner();
  const run = fakeRun();
  await using prepared = await runner.prepare(fakeSpec(), run);
  const seen: (readonly [string, number])[][] = [];
  let index = 0;
  for (let block = 0; block < blocks; block += 1) {
    const own: (readonly [string, number])[] = [];
    const subject: Subject = {
      ...{ prepared, workload: WORKLOAD, spread: [[0]], block, signal: run.signal },
      capabilities: { isolation: 'container', accelerator: 'none', marks: [], designed: [] },
      start: () => prepared.start(run, index++),
      record: (metric, value) => void own.push([metric, value]),
      ...{ fail: () => {}, guard: () => {}, ramp: () => {}, hostCpuNs: () => null },
    };
    await experiment.measure(subject);
    seen.push(own);
  }
  if (runner.alive.size > 0) throw new RangeError(`${runner.alive.size} instances were left`);
  return seen;
}

const OPTIONS = { workload: WORKLOAD, gates: 3, gateBlocks: 6 };

test('a runner is started under both names in each block, each of them first in turns', async (t) => {
  const blocks = await recorded(aaExperiment(OPTIONS), 3);
  t.deepEqual(
    blocks.map((own) => own.map(([metric]) => metric)),
    [
      ['ready-a', 'ready-b'],
      ['ready-b', 'ready-a'],
      ['ready-a', 'ready-b'],
    ],
  );
  t.like(aaExperiment(OPTIONS), { fixedBlocks: 18, gateBlocks: 6, pilotBlocks: 0 });
});

for (const how of ['delay', 'burn'] as const) {
  test(`a ${how} is injected in its share of a start, measured, and part of the start`, async (t) => {
    const experiment = injectExperiment({ ...OPTIONS, percents: [50, 100], how });
    t.deepEqual(
      experiment.metrics.map(({ id }) => id),
      ['ready-0', 'ready-50', 'injected-50', 'ready-100', 'injected-100'],
    );
    const blocks = await recorded(experiment, 3);
    for (const own of blocks) {
      const value = new Map(own);
      const [plain = 0, half = 0, whole = 0] = [0, 50, 100].map((percent) => value.get(`ready-${percent}`));
      const [halfExtra = 0, wholeExtra = 0] = [50, 100].map((percent) => value.get(`injected-${percent}`));
      t.true(halfExtra >= plain / 2 && wholeExtra >= plain);
      t.is(half - halfExtra, plain);
      t.is(whole - wholeExtra, plain);
    }
    t.deepEqual(
      blocks.map((own) => own.map(([metric]) => metric).filter((metric) => metric.startsWith('ready'))),
      [
        ['ready-0', 'ready-50', 'ready-100'],
        ['ready-50', 'ready-100', 'ready-0'],
        ['ready-100', 'ready-0', 'ready-50'],
      ],
    );
  });
}

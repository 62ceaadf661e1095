import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UnsupportedError } from '../../../bench/errors.ts';
import { diskExperiment } from '../../../bench/experiments/disk.ts';
import type { Subject, SubjectStart } from '../../../bench/model/experiment.ts';
import type { Instance } from '../../../bench/model/runner.ts';
import type { Workload } from '../../../bench/model/workload.ts';
import { fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

const WORKLOAD: Workload = {
  ...{ id: 'none', title: 'none', settings: {}, flavour: 'base', fillBytes: 0, measurements: [] },
  entry: fakeSpec().entry,
  fill: () => [['/bin/echo', 'full']],
};

interface Seen {
  readonly recorded: string[];
  readonly values: Map<string, number>;
  readonly failed: string[];
  readonly starts: SubjectStart[];
  readonly side: { now: number; most: number };
}

/**
 * One turn over a fake whose image and instances are one real folder.
 * @param refusal what instances say in place of it. @param inside what each has on a disk that they share, instead of it.
 */
async function turn(
  t: ExecutionContext,
  workload: Workload,
  spread: readonly (readonly number[])[],
  { refusal, inside }: { readonly refusal?: UnsupportedError; readonly inside?: number } = {},
): Promise<Seen> {
  // Allocated bytes mean something on a disk's file system alone; /tmp may be in memory.
  const folder = mkdtempSync(join(import.meta.dirname, 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const runner = fakeRunner();
  const run = fakeRun();
  const prepared = await runner.prepare(fakeSpec(), run);
  const seen: Seen = { recorded: [], values: new Map(), failed: [], starts: [], side: { now: 0, most: 0 } };
  let index = 0;
  const start = async (_metrics: readonly string[], options: SubjectStart = {}): Promise<Instance> => {
    seen.starts.push(options);
    seen.side.now += 1;
    seen.side.most = Math.max(seen.side.most, seen.side.now);
    const instance = await prepared.start(run, index++);
    await new Promise((resolve) => setTimeout(resolve, 2));
    seen.side.now -= 1;
    const diskPaths = () => {
      if (refusal) throw refusal;
      return inside === undefined ? [folder] : [];
    };
    const diskBytes = inside === undefined ? {} : { diskBytes: async () => inside };
    return { ...instance, diskPaths, ...diskBytes, [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose]() };
  };
  const subject: Subject = {
    prepared: { ...prepared, imagePaths: async () => [folder], [Symbol.asyncDispose]: async () => {} },
    ...{ workload, spread, start, block: 1, signal: run.signal },
    capabilities: { isolation: 'container', accelerator: 'none', marks: [], designed: [] },
    record(metric, value) {
      seen.recorded.push(metric);
      seen.values.set(metric, value);
    },
    fail: (_stage, metrics) => void seen.failed.push(...metrics),
    guard: () => {},
    ramp: () => {},
    hostCpuNs: () => null,
  };
  const measured = diskExperiment({ workload, rampBlocks: 1 }).measure(subject);
  if (refusal) t.is(await t.throwsAsync(measured), refusal);
  else await measured;
  t.is(runner.alive.size, 0);
  return seen;
}

test('a ramp starts five instances, as many side by side as there are CPU sets, each on a set of its own', async (t) => {
  const seen = await turn(t, WORKLOAD, [[0], [1]]);
  t.is(seen.starts.length, 5);
  t.is(seen.side.most, 2);
  t.deepEqual(new Set(seen.starts.map(({ cpus }) => cpus?.join())), new Set(['0', '1']));
});

test('a program without a data set has no value, and no failure, of what it would have saved', async (t) => {
  const without = await turn(t, WORKLOAD, [[1]]);
  t.deepEqual([without.recorded, without.failed], [['distribution', 'image', 'marginal-ready'], []]);
  const ids = diskExperiment({ workload: WORKLOAD, rampBlocks: 1 }).metrics.map(({ id }) => id);
  t.deepEqual(ids, ['distribution', 'image', 'marginal-ready']);
});

test('instances that cannot say where their data is have no slope, which one of them is enough to say', async (t) => {
  const refusal = new UnsupportedError('NO_LAYER_FOLDERS', 'nobody says where its data is');
  const seen = await turn(t, { ...WORKLOAD, fillBytes: 10 }, [[1]], { refusal });
  t.is(seen.starts.length, 1);
  t.deepEqual(seen.recorded, ['distribution', 'image']);
});

test('what lies on a disk that instances share counts for each of them', async (t) => {
  const { values } = await turn(t, { ...WORKLOAD, fillBytes: 10 }, [[1]], { inside: 12_288 });
  t.deepEqual([values.get('marginal-ready'), values.get('marginal-data')], [12_288, 12_288]);
});

test('a program with a data set has both slopes', async (t) => {
  const seen = await turn(t, { ...WORKLOAD, fillBytes: 10 }, [[1]]);
  t.deepEqual(seen.recorded, ['distribution', 'image', 'marginal-ready', 'marginal-data']);
});

import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { PlannedExperiment } from '../../../bench/model/manifest.ts';
import type { Metric, Unit } from '../../../bench/model/metric.ts';
import { HOSTILE } from './hostile.ts';
import { sample, type Typical } from './sampling.ts';

/** Throughput as a fixture has it: several programs, rates of every unit, and one unit of a user's own. */

const rate = (id: string, title: string, unit: Unit, primary = true): Metric => {
  return { id, title, unit, better: 'higher', primary, assessableEmulated: false };
};

function planned(workload: string, metrics: readonly Metric[]): PlannedExperiment {
  const frozen = { blocks: 12, reason: 'profile', needed: null } as const;
  return { id: 'throughput', workload, metrics, pilotBlocks: 0, minimumBlocks: 8, frozen };
}

/** @param hostile puts a hostile text where a user's own suite names its unit. */
export function throughputExperiments(hostile: boolean): readonly PlannedExperiment[] {
  return [
    planned('redis', [
      rate('inside', 'GET requests, client inside', '1/s'),
      rate('bridge', 'GET requests, client over the bridge', '1/s'),
      {
        ...{ id: 'inside-p99', title: '99th percentile of an answer, client inside', unit: 'ns', better: 'lower' },
        ...{ primary: false, secondary: true, assessableEmulated: false },
      },
    ]),
    planned('memcached', [rate('inside', 'requests, client inside', '1/s')]),
    planned('sysbench', [
      rate('cpu', 'events of the prime search', '1/s'),
      rate('memory', 'bytes written to memory', 'B/s'),
    ]),
    planned('fio', [
      rate('random-read', 'reads of 4 KiB, direct', '1/s'),
      rate('sequential-write', 'bytes written, direct', 'B/s'),
    ]),
    planned('own-suite', [rate('score', 'what a suite of one’s own counts', hostile ? HOSTILE : 'widgets/min', false)]),
  ];
}

/** Native's values; by runner the factors on them, in the order of the metrics. */
const NATIVE: Readonly<Record<string, readonly number[]>> = {
  redis: [84_200, 61_300, 412_000],
  memcached: [131_000],
  sysbench: [1180, 8.42e9],
  fio: [21_400, 412e6],
  'own-suite': [73.5],
};

function factors(vmId: string): Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> {
  return {
    native: {},
    runc: { redis: [0.992, 0.97, 1.01], fio: [0.985, 0.96] },
    docker: { redis: [0.981, 0.79, 1.02], memcached: [0.988], fio: [0.985, 0.955] },
    [vmId]: {
      redis: [0.86, 0.58, 1.31],
      memcached: [0.84],
      sysbench: [0.99, 0.93],
      fio: [0.41, 0.72],
      'own-suite': [0.97],
    },
  };
}

export function throughputEvents(
  experiments: readonly PlannedExperiment[],
  vmId: string,
  random: () => number,
): readonly JournalEvent[] {
  return experiments.flatMap((experiment, index) => {
    const native = NATIVE[experiment.workload] ?? [];
    const typical: Typical = Object.fromEntries(
      Object.entries(factors(vmId)).map(([runner, own]) => [
        runner,
        Object.fromEntries(
          experiment.metrics.map(({ id }, at) => [id, (native[at] ?? 1) * (own[experiment.workload]?.[at] ?? 1)]),
        ),
      ]),
    );
    return sample({
      ...{ experiment, typical, random, pilotBlocks: 0, measuredBlocks: 12, spread: 0.02 },
      ...{ failure: () => null, firstInstance: 200 + 48 * index },
    });
  });
}

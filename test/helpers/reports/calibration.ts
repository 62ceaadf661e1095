import { aaExperiment, injectExperiment } from '../../../bench/experiments/calibration.ts';
import type { Experiment } from '../../../bench/model/experiment.ts';
import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { PlannedExperiment } from '../../../bench/model/manifest.ts';
import { redis } from '../../../bench/workloads/redis.ts';
import { sample } from './sampling.ts';

const [GATES, GATE_BLOCKS, PERCENTS] = [8, 6, [0, 1, 2, 5, 10]];
const READY: Readonly<Record<string, number>> = { native: 38e6, runc: 118e6 };

function planned({ id, metrics }: Experiment): PlannedExperiment {
  const blocks = GATES * GATE_BLOCKS;
  return {
    ...{ id, workload: 'redis', metrics, gateBlocks: GATE_BLOCKS, pilotBlocks: 0, minimumBlocks: 6 },
    frozen: { blocks, reason: 'profile', needed: null },
  };
}

const options = { workload: redis, gates: GATES, gateBlocks: GATE_BLOCKS };
const AA = planned(aaExperiment(options));
const INJECT = planned(injectExperiment({ ...options, percents: PERCENTS, how: 'delay' }));

export const CALIBRATIONS: readonly PlannedExperiment[] = [AA, INJECT];

/** Runners against themselves, without and with a slowdown. */
export function calibrationEvents(random: () => number): readonly JournalEvent[] {
  const common = { random, pilotBlocks: 0, measuredBlocks: GATES * GATE_BLOCKS, spread: 0.09, failure: () => null };
  const of = (make: (ready: number) => Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(READY).map(([runner, ready]) => [runner, make(ready)]));
  return [
    ...sample({
      ...common,
      experiment: AA,
      typical: of((ready) => ({ 'ready-a': ready, 'ready-b': ready })),
      firstInstance: 2000,
    }),
    ...sample({
      ...{ ...common, experiment: INJECT, firstInstance: 3000 },
      typical: of((ready) =>
        Object.fromEntries(
          PERCENTS.flatMap((percent) => [
            [`ready-${percent}`, ready * (1 + percent / 100)],
            ...(percent === 0 ? [] : [[`injected-${percent}`, (ready * percent) / 100]]),
          ]),
        ),
      ),
    }),
  ];
}

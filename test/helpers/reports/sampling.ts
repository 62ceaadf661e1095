import type { Coordinates, FailureEvent, JournalEvent } from '../../../bench/model/journal.ts';
import type { PlannedExperiment } from '../../../bench/model/manifest.ts';

/** Deterministic numbers in [0, 1), the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Typical values by runner and metric; what is not listed is not measured. */
export type Typical = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Sampling {
  readonly experiment: PlannedExperiment;
  readonly typical: Typical;
  readonly pilotBlocks: number;
  readonly measuredBlocks: number;
  readonly spread: number;
  /** A failure for this runner in this block instead of its samples. */
  readonly failure: (
    runner: string,
    block: number,
  ) => Pick<FailureEvent, 'code' | 'message' | 'stage' | 'metrics'> | null;
  readonly firstInstance: number;
  readonly random: () => number;
}

/** The journal of one experiment: every runner once a block, in rotating order. */
export function sample(sampling: Sampling): readonly JournalEvent[] {
  const { experiment, typical, pilotBlocks, measuredBlocks, spread, random } = sampling;
  const runners = Object.keys(typical);
  const events: JournalEvent[] = [];
  let instance = sampling.firstInstance;
  for (let block = 0; block < pilotBlocks + measuredBlocks; block += 1) {
    const phase = block < pilotBlocks ? 'pilot' : 'measured';
    const order = runners.map((_, index) => runners[(index + block) % runners.length] as string);
    for (const [position, runner] of order.entries()) {
      const at: Coordinates = {
        ...{ session: 0, experiment: experiment.id, workload: experiment.workload, runner },
        ...{ block, position, phase, instance: instance++ },
      };
      const failure = sampling.failure(runner, block);
      if (failure) {
        events.push({ type: 'failure', ...at, ...failure, marks: { launched: 0 } });
        continue;
      }
      // One factor an instance: its end points stay in order.
      const factor = Math.exp(spread * (random() + random() + random() - 1.5));
      for (const [metric, value] of Object.entries(typical[runner] ?? {})) {
        const operations = metric === 'channel' ? 3 : 1;
        for (let operation = 0; operation < operations; operation += 1) {
          const own = spread === 0 ? 1 : factor * (1 + 0.01 * random());
          events.push({ type: 'sample', ...at, metric, operation, value: Math.round(value * own) });
        }
      }
    }
    const startedAt = new Date(Date.UTC(2026, 0, 2, 3, 5, block)).toISOString();
    const { id, workload } = experiment;
    events.push({ type: 'block', experiment: id, workload, block, phase, order, startedAt, seconds: 4 });
  }
  return events;
}

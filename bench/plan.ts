import type { Experiment } from './model/experiment.ts';
import type { Accelerator } from './model/runner.ts';
import { latinOrders } from './stats/latin.ts';

/** The part of a runner that a plan depends on. */
export interface PlannedRunner {
  readonly as: string;
  readonly accelerator: Accelerator;
}

/** Native is the denominator of every ratio. */
export const NATIVE = 'native';

/** m: how many primary comparisons with native the run makes; emulated cells are not compared. At least 1. */
export function countComparisons(runners: readonly PlannedRunner[], experiments: readonly Experiment[]): number {
  if (!runners.some((runner) => runner.as === NATIVE)) return 1;
  const compared = runners.filter((runner) => runner.as !== NATIVE);
  const pairs = experiments.flatMap((experiment) =>
    experiment.metrics
      .filter((metric) => metric.primary)
      .flatMap((metric) => compared.filter((runner) => runner.accelerator !== 'tcg' || metric.assessableEmulated)),
  );
  return Math.max(1, pairs.length);
}

/**
 * Whether a runner takes its turn in every block. An emulated one does only where some of its values can be assessed;
 * elsewhere its few values stand apart, without comparison, and its turns would cost the others most of the time.
 */
export function takesEveryTurn(experiment: Experiment, accelerator: Accelerator): boolean {
  return accelerator !== 'tcg' || experiment.metrics.some((metric) => metric.assessableEmulated);
}

/** The order of the runners in each block, Latin square by Latin square; the same for the same seed. */
export function blockOrders(runners: readonly string[], blocks: number, seed: number): readonly (readonly string[])[] {
  return latinOrders(runners.length, blocks, seed).map((order) =>
    order.map((index) => runners[index]).filter((runner) => runner !== undefined),
  );
}

/** A seed of its own for each experiment and phase, so that one's number of blocks does not move another's order. */
export function derivedSeed(seed: number, ...labels: readonly string[]): number {
  let hash = seed >>> 0;
  for (const character of labels.join('/')) hash = (Math.imul(hash ^ character.charCodeAt(0), 16777619) + 1) >>> 0;
  return hash;
}

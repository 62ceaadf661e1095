import { latinOrders } from '../../bench/stats/latin.ts';
import { median } from '../../bench/stats/quantile.ts';
import type { Random } from '../../bench/stats/random.ts';
import { normal } from './noise.ts';

/** How the host changes meanwhile: on the log scale, for each turn of a session, in the order in which they come. */
export type Drift = (random: Random, turns: number) => Float64Array;

const stretch = (random: Random, turns: number, share: number, shift: number): Float64Array => {
  const length = Math.round(turns * share);
  const begin = random.int(0, turns - length);
  return Float64Array.from({ length: turns }, (_, turn) => (turn >= begin && turn < begin + length ? shift : 0));
};

/** Sizes as a host has them: 5% for a host that gets warm or is slow for a while, 30% for one that is shared with a hog. */
export const DRIFTS: Readonly<Record<string, Drift>> = {
  steady: (_random, turns) => new Float64Array(turns),
  'gets 5% slower as it warms up': (_random, turns) =>
    Float64Array.from({ length: turns }, (_, turn) => 0.05 * (1 - Math.exp((-4 * turn) / turns))),
  'random walk, 0.5% a turn': (random, turns) => {
    let level = 0;
    return Float64Array.from({ length: turns }, () => (level += 0.005 * normal(random)));
  },
  'half of it 5% slower': (random, turns) => stretch(random, turns, 1 / 2, 0.05),
  'a CPU hog for a third of it, 30%': (random, turns) => stretch(random, turns, 1 / 3, 0.3),
};

export interface SessionShape {
  readonly arms: number;
  readonly blocks: number;
  /** Operations in each start, and how much they scatter within it: a standard deviation on the log scale. */
  readonly operations: number;
  readonly withinSd: number;
  /** How much one start differs from the next of the same arm. */
  readonly restartSd: number;
  readonly drift: Drift;
  /** Factors by which each arm is truly slower; 1 where there is none. */
  readonly factors?: readonly number[];
}

/** The operations of one start. */
type Start = readonly number[];

function start(random: Random, shape: SessionShape, arm: number, shift: number): Start {
  const level = Math.log(shape.factors?.[arm] ?? 1) + shift + shape.restartSd * normal(random);
  return Array.from({ length: shape.operations }, () => Math.exp(level + shape.withinSd * normal(random)));
}

/** Each arm's starts, by block: as tare runs them, each arm once in every block, in the order of Latin squares. */
export function interleaved(random: Random, shape: SessionShape): readonly (readonly Start[])[] {
  const { arms, blocks } = shape;
  const shifts = shape.drift(random, arms * blocks);
  const starts: Start[][] = Array.from({ length: arms }, () => []);
  for (const [block, order] of latinOrders(arms, blocks, random.int(0, 2 ** 31 - 1)).entries()) {
    for (const [position, arm] of order.entries()) {
      (starts[arm] as Start[])[block] = start(random, shape, arm, shifts[block * arms + position] as number);
    }
  }
  return starts;
}

/** The same, one arm after the other. */
export function oneAfterTheOther(random: Random, shape: SessionShape): readonly (readonly Start[])[] {
  const { arms, blocks } = shape;
  const shifts = shape.drift(random, arms * blocks);
  return Array.from({ length: arms }, (_, arm) =>
    Array.from({ length: blocks }, (_unused, block) =>
      start(random, shape, arm, shifts[arm * blocks + block] as number),
    ),
  );
}

/** The one number of each start. */
export function reduced(starts: readonly Start[]): readonly number[] {
  return starts.map((operations) => median(operations));
}

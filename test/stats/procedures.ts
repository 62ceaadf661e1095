import { levelFor } from '../../bench/stats/blocks.ts';
import type { Random } from '../../bench/stats/random.ts';
import { shiftOf } from '../../bench/stats/rank-sum.ts';
import { pairedRatio } from '../../bench/stats/ratio.ts';
import { compare } from '../../bench/verdict/comparison.ts';
import type { ComparisonVerdict } from '../../bench/model/result.ts';
import { interleaved, oneAfterTheOther, reduced, type SessionShape } from './session.ts';

/** What is said of each arm but the first, which is the one that they are compared with. */
type Procedure = (random: Random, shape: SessionShape) => readonly ComparisonVerdict[];

/** δ so small that nothing is called equivalent: a difference is claimed as soon as the interval excludes 1. */
const NO_DELTA = 1e-9;

/** tare's own: fresh starts in every block, ratios within it, sign-test intervals that share 5%. */
export function tares(delta: number = NO_DELTA): Procedure {
  return (random, shape) => {
    const [base = [], ...others] = interleaved(random, shape).map(reduced);
    return others.map((values) => {
      const pairs = values.map((runner, block) => ({ block, runner, native: base[block] ?? null }));
      return compare(pairedRatio(pairs, 'lower', levelFor(others.length)), delta, 'lower').verdict;
    });
  };
}

/** By Mann and Whitney's test, both sides together at what each comparison may have of 5%. */
function byRanks(base: readonly number[], values: readonly number[], comparisons: number): ComparisonVerdict {
  const logs = (numbers: readonly number[]) => numbers.map((number) => Math.log(number));
  const { lower, upper } = shiftOf(logs(base), logs(values), 1 - (1 - levelFor(comparisons)) / 2);
  if (lower > 0) return 'slower';
  return upper < 0 ? 'faster' : 'not-resolved';
}

/** As many starts of each arm, but one arm after the other; their numbers compared by ranks. */
export const startsInSequence: Procedure = (random, shape) => {
  const [base = [], ...others] = oneAfterTheOther(random, shape).map(reduced);
  return others.map((values) => byRanks(base, values, others.length));
};

/** One start of each arm, with as many operations as the others have starts, compared by ranks: the usual loop of a benchmark. */
export const operationsInSequence: Procedure = (random, shape) => {
  const one = { ...shape, blocks: 1, operations: shape.blocks };
  const [base = [], ...others] = oneAfterTheOther(random, one).map((starts) => starts.flat());
  return others.map((values) => byRanks(base, values, others.length));
};

/** Whether it claims a difference of any arm. */
export function claimsAny(verdicts: readonly ComparisonVerdict[]): boolean {
  return verdicts.some((verdict) => verdict === 'slower' || verdict === 'faster');
}

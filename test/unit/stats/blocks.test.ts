import test from 'ava';
import * as fc from 'fast-check';
import { ConfigError } from '../../../bench/errors.ts';
import {
  freezeBlocks,
  levelFor,
  minimumBlocks,
  minimumBlocksForLevel,
  smallestP,
} from '../../../bench/stats/blocks.ts';
import { pairedRatio } from '../../../bench/stats/ratio.ts';
import { signInterval } from '../../../bench/stats/sign-interval.ts';
import { normal, shareOf } from '../../stats/noise.ts';

const INPUT = {
  pilot: [[0.1, 0.12, 0.11]],
  targetHalfWidth: Math.log(1.05),
  level: 0.95,
  blockMs: 1000,
  budgetMs: 100_000,
  squareSize: 4,
  minimum: 6,
} as const;

test('the minimum is 1 + log2(m/0.05), rounded up', (t) => {
  t.deepEqual([1, 2, 3, 4, 8].map(minimumBlocks), [6, 7, 7, 8, 9]);
  t.is(minimumBlocksForLevel(0.5), 2);
});

test('the minimum is exactly where an interval first exists', (t) => {
  for (let m = 1; m <= 8; m++) {
    const n = minimumBlocks(m);
    const values = Array.from({ length: n }, (_, index) => index);
    t.not(signInterval(values, levelFor(m)), null);
    t.is(signInterval(values.slice(1), levelFor(m)), null);
    t.true(smallestP(n) <= 0.05 / m && smallestP(n - 1) > 0.05 / m);
  }
});

test('the smallest p is 2^(1−n), and 1 without blocks', (t) => {
  t.deepEqual([0, 1, 2, 6].map(smallestP), [1, 1, 0.5, 1 / 32]);
});

test('little spread needs no more than the minimum, in whole squares', (t) => {
  t.deepEqual(freezeBlocks(INPUT), { blocks: 8, reason: 'minimum', needed: 6, resolvable: true });
});

test('the widest comparison decides what the precision needs', (t) => {
  const found = freezeBlocks({
    ...INPUT,
    pilot: [
      [0.1, 0.12, 0.11],
      [0, 0.1, 0.2],
    ],
  });
  t.is(found.reason, 'precision');
  t.is(found.blocks % 4, 0);
  t.true(found.needed !== null && found.needed > 20 && found.blocks >= found.needed && found.blocks < found.needed + 4);
});

test('the budget bounds the blocks to the whole squares that it pays for', (t) => {
  const pilot = [[0, 0.5, 1]];
  const found = freezeBlocks({ ...INPUT, pilot, budgetMs: 15_000 });
  t.like(found, { blocks: 12, reason: 'budget', resolvable: true });
  t.true((found.needed ?? 0) > 12);
});

test('a budget for less than the minimum is spent and said to resolve nothing', (t) => {
  t.like(freezeBlocks({ ...INPUT, budgetMs: 5000 }), { blocks: 4, reason: 'budget', needed: 6, resolvable: false });
  t.like(freezeBlocks({ ...INPUT, budgetMs: 0 }), { blocks: 4, reason: 'budget', resolvable: false });
});

test('a pilot that cannot tell leaves the decision to the budget', (t) => {
  for (const pilot of [[[]], [[0.1]], [[0.1, 0.2, Infinity]]]) {
    t.deepEqual(freezeBlocks({ ...INPUT, pilot }), { blocks: 100, reason: 'budget', needed: null, resolvable: true });
  }
});

test('a runner that always failed asks for no more blocks', (t) => {
  t.like(freezeBlocks({ ...INPUT, pilot: [[Infinity, Infinity, Infinity]] }), { reason: 'minimum', needed: 6 });
});

test('impossible input throws', (t) => {
  const wrong = [{ squareSize: 0 }, { minimum: 1.5 }, { blockMs: 0 }, { budgetMs: Infinity }, { targetHalfWidth: 0 }];
  for (const change of wrong) t.throws(() => freezeBlocks({ ...INPUT, ...change }), { instanceOf: ConfigError });
  t.throws(() => minimumBlocks(0), { instanceOf: ConfigError });
});

test('frozen blocks are whole squares and within the budget, but for the first square', (t) => {
  const logs = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(logs, fc.nat(200_000), fc.integer({ min: 1, max: 7 }), (pilot, budgetMs, squareSize) => {
      const { blocks, needed, resolvable } = freezeBlocks({ ...INPUT, pilot, budgetMs, squareSize });
      const paid = blocks * INPUT.blockMs <= budgetMs || blocks === squareSize;
      return blocks % squareSize === 0 && paid && resolvable === blocks >= 6 && (needed === null || needed >= 6);
    }),
  );
  t.pass();
});

test('the blocks that a known spread needs give about the half-width that was asked for', (t) => {
  // A long pilot, so that the spread is known.
  const sigma = 0.1;
  const pilot: number[] = [];
  shareOf(400, 7, (random) => pilot.push(sigma * normal(random)) > 0);
  const { needed } = freezeBlocks({ ...INPUT, pilot: [pilot], squareSize: 1, budgetMs: 1e9 });
  const widths: number[] = [];
  shareOf(300, 8, (random) => {
    const pairs = Array.from({ length: needed ?? 0 }, (_, block) => {
      return { block, runner: Math.exp(sigma * normal(random)), native: 1 };
    });
    const [lo, hi] = pairedRatio(pairs, 'lower', 0.95).ci ?? [0, Infinity];
    return widths.push(Math.log(hi / lo) / 2) > 0;
  });
  const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length;
  t.true(Math.abs(mean / INPUT.targetHalfWidth - 1) < 0.2, String(mean));
});

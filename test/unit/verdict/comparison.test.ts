import test from 'ava';
import { ConfigError } from '../../../bench/errors.ts';
import { pairedRatio, type PairedRatio } from '../../../bench/stats/ratio.ts';
import { compare } from '../../../bench/verdict/comparison.ts';

const DELTA = 0.05;

function ratio(change: Partial<PairedRatio>): PairedRatio {
  return {
    value: 1,
    ci: [0.99, 1.01],
    n: 12,
    withoutNative: 0,
    missing: 0,
    failures: 0,
    notPositive: 0,
    medianFailed: false,
    level: 0.95,
    attainedLevel: 0.96,
    smallestP: 2 ** -11,
    ...change,
  };
}

test('an interval inside ±δ is equivalent, and its sign is still told', (t) => {
  const found = compare(ratio({ value: 1.02, ci: [1.01, 1.04] }), DELTA, 'lower');
  t.deepEqual(found, { verdict: 'equivalent', beyondDelta: false, direction: 'slower', needsBlocks: null });
  t.is(compare(ratio({ value: 1.02, ci: [1.01, 1.04] }), DELTA, 'higher').direction, 'faster');
  t.is(compare(ratio({ ci: [1, 1] }), DELTA, 'lower').direction, null);
});

test('the bounds of equivalence are symmetric as ratios: 1/(1+δ) to 1+δ', (t) => {
  t.is(compare(ratio({ ci: [1 / 1.05, 1.05] }), DELTA, 'lower').verdict, 'equivalent');
  t.is(compare(ratio({ ci: [0.951, 1.02] }), DELTA, 'lower').verdict, 'not-resolved');
});

test('an interval that excludes 1 is slower or faster, by more than δ only when it lies beyond it', (t) => {
  const above = ratio({ value: 1.2, ci: [1.02, 1.3] });
  t.like(compare(above, DELTA, 'lower'), { verdict: 'slower', beyondDelta: false });
  t.like(compare(above, DELTA, 'higher'), { verdict: 'faster', beyondDelta: false });
  t.like(compare(ratio({ value: 1.2, ci: [1.06, 1.3] }), DELTA, 'lower'), { verdict: 'slower', beyondDelta: true });
  t.like(compare(ratio({ value: 0.8, ci: [0.7, 0.9] }), DELTA, 'lower'), { verdict: 'faster', beyondDelta: true });
  t.like(compare(ratio({ value: 0.8, ci: [0.7, 0.9] }), DELTA, 'higher'), { verdict: 'slower', beyondDelta: true });
});

test('an interval that touches 1 excludes nothing', (t) => {
  t.is(compare(ratio({ value: 1.2, ci: [1, 1.4] }), DELTA, 'lower').verdict, 'not-resolved');
});

test('a wide interval is not resolved, and more blocks are asked for', (t) => {
  const found = compare(ratio({ value: 1.1, ci: [0.9, 1.4] }), DELTA, 'lower');
  // Half-widths shrink with √n: ln(1.1/0.9) must get under ln(1.1), or both sides under ln(1.05).
  t.like(found, { verdict: 'not-resolved', direction: 'slower', needsBlocks: 54 });
  t.is(compare(ratio({ value: 1, ci: [0.9, 1.1] }), DELTA, 'lower').needsBlocks, 56);
});

test('below the minimum the verdict asks for the minimum', (t) => {
  const few = pairedRatio(
    [1, 2, 3, 4, 5].map((block) => ({ block, runner: 2, native: 1 })),
    'lower',
    0.95,
  );
  t.like(compare(few, DELTA, 'lower'), { verdict: 'not-resolved', direction: 'slower', needsBlocks: 6 });
  t.like(compare(pairedRatio([], 'lower', 1 - 0.05 / 8), DELTA, 'lower'), {
    verdict: 'not-resolved',
    direction: null,
    needsBlocks: 9,
  });
});

test('failures are slower, whichever way the metric points', (t) => {
  for (const better of ['lower', 'higher'] as const) {
    const failed = Array.from({ length: 8 }, (_, block) => ({ block, runner: 'failed' as const, native: 1 }));
    t.deepEqual(compare(pairedRatio(failed, better, 0.95), DELTA, better), {
      verdict: 'slower',
      beyondDelta: true,
      direction: 'slower',
      needsBlocks: null,
    });
  }
});

test('where failures reach the interval no number of blocks is promised', (t) => {
  const found = compare(ratio({ value: 0.9, ci: [0.8, Infinity] }), DELTA, 'lower');
  t.like(found, { verdict: 'not-resolved', needsBlocks: null });
});

test('a ratio that is not defined is not resolved by more blocks', (t) => {
  const found = compare(ratio({ value: null, ci: null, notPositive: 1 }), DELTA, 'lower');
  t.deepEqual(found, { verdict: 'not-resolved', beyondDelta: false, direction: null, needsBlocks: null });
});

test('δ must be positive', (t) => {
  for (const delta of [0, -1, Number.NaN]) {
    t.throws(() => compare(ratio({}), delta, 'lower'), { instanceOf: ConfigError });
  }
});

import test from 'ava';
import * as fc from 'fast-check';
import { ParseError } from '../../../bench/errors.ts';
import { type PairedBlock, pairedRatio, type Reading } from '../../../bench/stats/ratio.ts';

function blocks(pairs: readonly (readonly [runner: Reading, native: Reading])[]): PairedBlock[] {
  return pairs.map(([runner, native], block) => ({ block, runner, native }));
}

const near = (a: number | null | undefined, b: number): boolean => Math.abs((a ?? Number.NaN) - b) < 1e-9;

test('the estimate is the median of the blocks, the interval that of the sign test', (t) => {
  const ratios = [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7];
  const found = pairedRatio(blocks(ratios.map((ratio, index) => [ratio * 10 ** index, 10 ** index])), 'lower', 0.95);
  t.true(near(found.value, 1.4));
  t.true(near(found.ci?.[0], 1.1) && near(found.ci?.[1], 1.7));
  t.like(found, { n: 7, withoutNative: 0, missing: 0, failures: 0, notPositive: 0, medianFailed: false });
  t.is(found.smallestP, 2 / 128);
  t.is(found.attainedLevel, 1 - 2 / 128);
});

test('a failed start enters as +∞, for a rate as −∞', (t) => {
  const six = [2, 2, 2, 2, 2, 2].map((value) => [value, 1] as const);
  const lower = pairedRatio(blocks([...six, ['failed', 1]]), 'lower', 0.95);
  t.like(lower, { n: 7, failures: 1, medianFailed: false });
  t.true(near(lower.value, 2));
  t.is(lower.ci?.[1], Infinity);
  const higher = pairedRatio(blocks([...six, ['failed', 1]]), 'higher', 0.95);
  t.is(higher.ci?.[0], 0);
  t.true(near(higher.ci?.[1], 2));
});

test('a median that is a failure has no value', (t) => {
  const half = [
    ...Array.from({ length: 4 }, () => [2, 1] as const),
    ...Array.from({ length: 4 }, () => ['failed', 1] as const),
  ];
  for (const better of ['lower', 'higher'] as const) {
    t.like(pairedRatio(blocks(half), better, 0.95), { value: null, medianFailed: true, n: 8, failures: 4 });
  }
  const all = pairedRatio(blocks(Array.from({ length: 6 }, () => ['failed', 1] as const)), 'lower', 0.95);
  t.deepEqual(all.ci, [Infinity, Infinity]);
});

test('where native has no value the block has no ratio and is counted', (t) => {
  const found = pairedRatio(
    blocks([
      [1, 'failed'],
      ['failed', 'failed'],
      [1, null],
      [null, 1],
      [3, 1],
    ]),
    'lower',
    0.95,
  );
  t.like(found, { n: 1, withoutNative: 3, missing: 1, failures: 1, ci: null, attainedLevel: null, smallestP: 1 });
  t.true(near(found.value, 3));
});

test('without any block nothing is claimed', (t) => {
  t.like(pairedRatio([], 'lower', 0.95), { value: null, ci: null, n: 0, smallestP: 1, medianFailed: false });
});

test('zero or negative readings leave no ratio instead of being dropped', (t) => {
  const good = Array.from({ length: 8 }, () => [2, 1] as const);
  t.like(pairedRatio(blocks([...good, [0, 1]]), 'lower', 0.95), { value: null, ci: null, notPositive: 1, n: 8 });
  t.like(pairedRatio(blocks([...good, ['failed', -1]]), 'lower', 0.95), { value: null, ci: null, notPositive: 1 });
});

test('readings that are no numbers and blocks that come twice throw', (t) => {
  t.throws(() => pairedRatio(blocks([[Number.NaN, 1]]), 'lower', 0.95), { instanceOf: ParseError });
  t.throws(() => pairedRatio(blocks([[1, Infinity]]), 'lower', 0.95), { instanceOf: ParseError });
  const twice = [
    { block: 3, runner: 1, native: 1 },
    { block: 3, runner: 2, native: 1 },
  ];
  t.like(
    t.throws(() => pairedRatio(twice, 'lower', 0.95)),
    { code: 'DUPLICATE_BLOCK' },
  );
});

/** Pairs of readings far enough from 0 and ∞ that a factor keeps them so. */
const readings = fc.array(
  fc.tuple(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.double({ min: 1e-3, max: 1e3, noNaN: true })),
  { minLength: 6, maxLength: 40 },
);

const close = (a: number, b: number): boolean => Math.abs(Math.log(a / b)) < 1e-9;

test('with the arms exchanged the ratio and its interval are the inverse', (t) => {
  fc.assert(
    fc.property(readings, (pairs) => {
      const there = pairedRatio(blocks(pairs), 'lower', 0.95);
      const back = pairedRatio(blocks(pairs.map(([a, b]) => [b, a] as const)), 'lower', 0.95);
      t.true(close((there.value ?? 0) * (back.value ?? 0), 1));
      const [lo = 0, hi = 0] = there.ci ?? [];
      const [backLo = 0, backHi = 0] = back.ci ?? [];
      t.true(close(lo * backHi, 1) && close(hi * backLo, 1));
    }),
  );
});

test('the unit does not matter', (t) => {
  fc.assert(
    fc.property(readings, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (pairs, factor) => {
      const one = pairedRatio(blocks(pairs), 'lower', 0.95);
      const other = pairedRatio(blocks(pairs.map(([a, b]) => [factor * a, factor * b] as const)), 'lower', 0.95);
      t.true(close(one.value ?? 0, other.value ?? 1));
      t.true(close(one.ci?.[0] ?? 0, other.ci?.[0] ?? 1) && close(one.ci?.[1] ?? 0, other.ci?.[1] ?? 1));
    }),
  );
});

test('a higher level never makes the interval narrower', (t) => {
  fc.assert(
    fc.property(readings, fc.double({ min: 0.5, max: 0.96, noNaN: true }), (pairs, level) => {
      const narrow = pairedRatio(blocks(pairs), 'lower', level).ci;
      const wide = pairedRatio(blocks(pairs), 'lower', (1 + level) / 2).ci;
      // Too few blocks for the higher level: as wide as can be.
      if (wide === null || narrow === null) return;
      t.true(wide[0] <= narrow[0] && wide[1] >= narrow[1]);
    }),
  );
});

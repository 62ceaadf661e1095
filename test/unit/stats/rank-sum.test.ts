import test from 'ava';
import { assert as check, constantFrom, double, array, property } from 'fast-check';
import { rankSumProbabilities, shiftOf, smallestRankSumP } from '../../../bench/stats/rank-sum.ts';
import { margin, NOISES, shareOf } from '../../stats/noise.ts';

test('the distribution of U is that of the published tables', (t) => {
  // Mann and Whitney (1947), table I: P(U ≤ u) for n = 3 and n = 4.
  const cumulated = (m: number, n: number, u: number) =>
    rankSumProbabilities(m, n)
      .slice(0, u + 1)
      .reduce((sum, p) => sum + p, 0);
  t.deepEqual(
    [0, 1, 2, 3, 4].map((u) => Number(cumulated(3, 3, u).toFixed(3))),
    [0.05, 0.1, 0.2, 0.35, 0.5],
  );
  t.deepEqual(
    [0, 1, 2, 3, 4, 5].map((u) => Number(cumulated(4, 4, u).toFixed(3))),
    [0.014, 0.029, 0.057, 0.1, 0.171, 0.243],
  );
  // The critical value of the one-sided test at 2.5%: 23 for 10 and 10, 127 for 20 and 20.
  t.true(cumulated(10, 10, 23) <= 0.025 && cumulated(10, 10, 24) > 0.025);
  t.true(cumulated(20, 20, 127) <= 0.025 && cumulated(20, 20, 128) > 0.025);
});

test('the smallest p is one way to mix the samples out of all', (t) => {
  t.true(Math.abs(smallestRankSumP(3, 3) - 1 / 20) < 1e-12);
  t.true(Math.abs(smallestRankSumP(10, 10) - 1 / 184_756) < 1e-12);
  t.true(Math.abs(smallestRankSumP(4, 7) - (rankSumProbabilities(4, 7)[0] ?? 0)) < 1e-12);
});

test('samples too small for the level bound nothing', (t) => {
  const shift = shiftOf([1, 2, 3], [11, 12, 13], 0.99);
  t.deepEqual([shift.lower, shift.upper], [-Infinity, Infinity]);
  t.is(shift.estimate, 10);
});

test('the bounds hold as often as they say, whatever the noise', (t) => {
  const runs = 1500;
  for (const [name, noise] of Object.entries(NOISES)) {
    for (const [m, n] of [
      [8, 8],
      [6, 20],
    ] as const) {
      const missed = shareOf(runs, 7, (random) => {
        const sample = (size: number) => Array.from({ length: size }, () => noise(random));
        return shiftOf(sample(m), sample(n), 0.95).lower > 0;
      });
      t.true(missed <= 0.05 + margin(0.05, runs), `${name}, ${m} and ${n}: ${missed}`);
    }
  }
});

test('beyond the exact tables the normal one takes over without a jump', (t) => {
  const sample = (n: number, at: number) => Array.from({ length: n }, (_, index) => at + Math.sin(index * 7.3));
  const [exact, near] = [
    shiftOf(sample(60, 0), sample(60, 0.2), 0.975),
    shiftOf(sample(61, 0), sample(61, 0.2), 0.975),
  ];
  t.true(Math.abs(exact.lower - near.lower) < 0.05);
  t.true(Math.abs(exact.upper - near.upper) < 0.05);
});

test('a failure is worse than any value, and two failures tell nothing', (t) => {
  const fine = [1, 2, 3, 4, 5, 6, 7, 8];
  const broken = Array.from({ length: 8 }, () => Infinity);
  t.is(shiftOf(fine, broken, 0.95).lower, Infinity);
  t.is(shiftOf(broken, fine, 0.95).upper, -Infinity);
  const both = shiftOf(broken, broken, 0.95);
  t.deepEqual([both.lower, both.estimate, both.upper], [-Infinity, 0, Infinity]);
});

test('what is no sample is refused', (t) => {
  t.throws(() => shiftOf([1], [NaN], 0.95), { code: 'NOT_A_NUMBER' });
  t.throws(() => shiftOf([1], [-Infinity], 0.95), { code: 'NOT_A_NUMBER' });
  t.throws(() => shiftOf([], [1], 0.95), { code: 'BAD_COUNT' });
  t.throws(() => shiftOf([1], [1], 0.4), { code: 'BAD_LEVEL' });
});

const values = array(double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 });

test('the other way round the shift and its bounds change their signs; a higher level never says more', (t) => {
  check(
    property(values, values, constantFrom(0.9, 0.95, 0.99), (a, b, level) => {
      const [there, back] = [shiftOf(a, b, level), shiftOf(b, a, level)];
      t.is(there.estimate + 0, -back.estimate + 0);
      t.is(there.lower + 0, -back.upper + 0);
      const wider = shiftOf(a, b, (1 + level) / 2);
      t.true(wider.lower <= there.lower && wider.upper >= there.upper);
      t.true(there.lower <= there.upper);
    }),
  );
});

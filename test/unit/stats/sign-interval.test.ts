import test from 'ava';
import { ConfigError, ParseError } from '../../../bench/errors.ts';
import { seededRandom } from '../../../bench/stats/random.ts';
import { signInterval, widestInterval } from '../../../bench/stats/sign-interval.ts';
import { quantile } from '../../../bench/stats/quantile.ts';
import { autocorrelated, margin, NOISES, shareOf } from '../../stats/noise.ts';

const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

test('ranks and levels are those of the binomial tables', (t) => {
  t.deepEqual(signInterval(oneTo(6), 0.95), { lo: 1, hi: 6, attainedLevel: 1 - 2 / 64 });
  const ten = signInterval(oneTo(10), 0.95);
  t.like(ten, { lo: 2, hi: 9 });
  t.true(Math.abs((ten?.attainedLevel ?? 0) - (1 - 22 / 1024)) < 1e-12);
  const twenty = signInterval(oneTo(20), 0.95);
  t.like(twenty, { lo: 6, hi: 15 });
  t.true(Math.abs((twenty?.attainedLevel ?? 0) - 0.9586) < 1e-4);
});

test('there is no interval when n is too small for the level', (t) => {
  t.is(signInterval([], 0.95), null);
  t.is(signInterval(oneTo(5), 0.95), null);
  t.not(signInterval(oneTo(6), 0.95), null);
  t.is(signInterval(oneTo(8), 1 - 0.05 / 8), null);
  t.not(signInterval(oneTo(9), 1 - 0.05 / 8), null);
});

test('long series keep their level although 2^−n underflows', (t) => {
  const found = signInterval(oneTo(5000), 0.95);
  t.true(found !== null && found.attainedLevel >= 0.95 && found.attainedLevel < 0.953);
  t.is((found?.lo ?? 0) + (found?.hi ?? 0), 5001);
});

test('failures enter as infinities and reach the interval only when there are enough of them', (t) => {
  const failed = (count: number): number[] => [...oneTo(20 - count), ...Array.from({ length: count }, () => Infinity)];
  t.like(signInterval(failed(5), 0.95), { lo: 6, hi: 15 });
  t.like(signInterval(failed(6), 0.95), { lo: 6, hi: Infinity });
  t.like(signInterval(failed(20), 0.95), { lo: Infinity, hi: Infinity });
  t.like(signInterval([-Infinity, ...oneTo(5)], 0.95), { lo: -Infinity, hi: 5 });
});

test('NaN and impossible levels throw', (t) => {
  t.throws(() => signInterval([1, 2, Number.NaN], 0.5), { instanceOf: ParseError });
  for (const level of [0, 1, Number.NaN]) t.throws(() => signInterval([1, 2], level), { instanceOf: ConfigError });
});

test('the widest interval says how little three ramps tell', (t) => {
  t.deepEqual(widestInterval([3, 1, 2]), { lo: 1, hi: 3, attainedLevel: 0.75 });
  t.deepEqual(widestInterval([3, 1]), { lo: 1, hi: 3, attainedLevel: 0.5 });
  t.is(widestInterval([3]), null);
  t.is(widestInterval([]), null);
});

for (const [name, noise] of Object.entries(NOISES)) {
  test(`over ${name} noise the interval covers the median as often as it says`, (t) => {
    const truth = quantile(
      Array.from(
        { length: 200_001 },
        (
          (random) => () =>
            noise(random)
        )(seededRandom(99)),
      ),
      0.5,
    );
    const runs = 3000;
    for (const n of [7, 12, 25]) {
      let attained = 0;
      const covered = shareOf(runs, 1000 + n, (random) => {
        const found = signInterval(
          Array.from({ length: n }, () => noise(random)),
          0.95,
        );
        attained = found?.attainedLevel ?? 0;
        return found !== null && found.lo <= truth && truth <= found.hi;
      });
      // The median of noise that is known by simulation only adds a little.
      t.true(Math.abs(covered - attained) < margin(attained, runs) + 0.003, `n ${n}: ${covered} against ${attained}`);
    }
  });
}

test('ties make the interval cover more, never less', (t) => {
  const runs = 3000;
  const covered = shareOf(runs, 5, (random) => {
    const found = signInterval(
      Array.from({ length: 12 }, () => random.int(-1, 1)),
      0.95,
    );
    return found !== null && found.lo <= 0 && 0 <= found.hi;
  });
  t.true(covered >= 0.95);
});

test('autocorrelated noise breaks the level: the interval covers clearly less than it says', (t) => {
  const runs = 2000;
  const covered = shareOf(runs, 6, (random) => {
    const found = signInterval(autocorrelated(random, 40, 0.7), 0.95);
    return found !== null && found.lo <= 0 && 0 <= found.hi;
  });
  t.true(covered < 0.85, String(covered));
});

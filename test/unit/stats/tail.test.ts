import test from 'ava';
import { ConfigError } from '../../../bench/errors.ts';
import { fewestForTail, tailEstimate } from '../../../bench/stats/tail.ts';
import { margin, normal, shareOf } from '../../stats/noise.ts';

const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

test('a 95th percentile needs 72 values for an interval of 95%, a 99th 368', (t) => {
  t.is(fewestForTail(0.95, 0.95), 72);
  t.is(fewestForTail(0.05, 0.95), 72);
  t.is(fewestForTail(0.99, 0.95), 368);
  t.is(tailEstimate(oneTo(71), 0.95, 0.95), null);
  t.like(tailEstimate(oneTo(72), 0.95, 0.95), { value: 69, hi: 72 });
});

test('for the middle it is the interval of the sign test', (t) => {
  // Binomial tables, n = 20: P(B ≤ 5) = 0.0207.
  const found = tailEstimate(oneTo(20), 0.5, 0.95);
  t.like(found, { value: 10, lo: 6, hi: 15 });
  t.true(Math.abs((found?.attainedLevel ?? 0) - 0.9586) < 1e-4);
});

test('failures reach the upper end first', (t) => {
  const values = [...oneTo(97), Infinity, Infinity, Infinity];
  t.like(tailEstimate(values, 0.95, 0.95), { value: 95, hi: Infinity });
  t.like(
    tailEstimate(
      values.map((value) => -value),
      0.05,
      0.95,
    ),
    { value: -96, lo: -Infinity },
  );
});

test('it covers the true quantile as often as it says', (t) => {
  const runs = 3000;
  // The normal distribution's 95th percentile.
  const truth = 1.6448536;
  for (const n of [72, 100, 200]) {
    let attained = 0;
    const covered = shareOf(runs, n, (random) => {
      const found = tailEstimate(
        Array.from({ length: n }, () => normal(random)),
        0.95,
        0.95,
      );
      attained = found?.attainedLevel ?? 0;
      return found !== null && found.lo <= truth && truth <= found.hi;
    });
    t.true(attained >= 0.95);
    t.true(Math.abs(covered - attained) < margin(attained, runs), `n ${n}: ${covered} against ${attained}`);
  }
});

test('impossible quantiles and levels throw', (t) => {
  for (const p of [0, 1, Number.NaN]) t.throws(() => tailEstimate([1], p, 0.95), { instanceOf: ConfigError });
  for (const level of [0, 1, Number.NaN]) t.throws(() => fewestForTail(0.5, level), { instanceOf: ConfigError });
});

import test from 'ava';
import * as fc from 'fast-check';
import { ParseError, WorkloadError } from '../../../bench/errors.ts';
import { extendedMedian, median, quantile, summarise } from '../../../bench/stats/quantile.ts';

test('quantiles are of type 7', (t) => {
  // R: quantile(c(1, 2, 4, 8, 16), c(.1, .25, .9))
  const values = [16, 1, 8, 2, 4];
  t.is(quantile(values, 0.1), 1.4);
  t.is(quantile(values, 0.25), 2);
  t.is(quantile(values, 0.9), 12.8);
});

test('a summary carries the n that it stands on', (t) => {
  t.deepEqual(summarise([3, 1, 2, 4]), { n: 4, min: 1, q1: 1.75, median: 2.5, q3: 3.25, max: 4 });
});

test('a statistic of no values throws', (t) => {
  for (const statistic of [median, summarise, extendedMedian]) {
    t.like(
      t.throws(() => statistic([]), { instanceOf: WorkloadError }),
      { code: 'NO_VALUES' },
    );
  }
});

test('values that are not finite numbers throw instead of giving NaN', (t) => {
  for (const wrong of [Number.NaN, Infinity, -Infinity]) {
    t.like(
      t.throws(() => median([1, wrong]), { instanceOf: ParseError }),
      { code: 'NOT_A_NUMBER' },
    );
  }
  t.throws(() => extendedMedian([1, Number.NaN]), { instanceOf: ParseError });
});

test('the extended median is infinite once half of the values are', (t) => {
  t.is(extendedMedian([1, 2, Infinity]), 2);
  t.is(extendedMedian([1, 2, Infinity, Infinity]), Infinity);
  t.is(extendedMedian([-Infinity, -Infinity, 3]), -Infinity);
  t.is(extendedMedian([Infinity, Infinity]), Infinity);
  t.throws(() => extendedMedian([-Infinity, Infinity]), { instanceOf: ParseError });
});

test('quantiles never decrease in p and stay within the values', (t) => {
  const series = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 40 });
  const share = fc.double({ noNaN: true, min: 0, max: 1 });
  fc.assert(
    fc.property(series, share, share, (values, a, b) => {
      const low = quantile(values, Math.min(a, b));
      const high = quantile(values, Math.max(a, b));
      return low <= high + 1e-6 && low >= Math.min(...values) - 1e-6 && high <= Math.max(...values) + 1e-6;
    }),
  );
  t.pass();
});

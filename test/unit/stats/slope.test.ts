import test from 'ava';
import * as fc from 'fast-check';
import { ParseError, WorkloadError } from '../../../bench/errors.ts';
import { leastSquaresSlope } from '../../../bench/stats/slope.ts';

test('points on a line give that line', (t) => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 2, max: 12 }), (start, step, n) => {
      const points = Array.from({ length: n }, (_, count) => ({ count, bytes: start + step * count }));
      const { perInstance, intercept, largestResidual } = leastSquaresSlope(points);
      return Math.abs(perInstance - step) < 1e-3 && Math.abs(intercept - start) < 1e-3 && largestResidual < 1e-3;
    }),
  );
  t.pass();
});

test('a jump at one step counts into the slope and shows as a residual', (t) => {
  const points = [0, 0, 0, 100, 100, 100].map((bytes, count) => ({ count, bytes }));
  const { perInstance, largestResidual, n } = leastSquaresSlope(points);
  t.true(perInstance > 20 && perInstance < 30);
  t.true(largestResidual > 20);
  t.is(n, 6);
});

test('a slope without two different counts or with a value that is no number throws', (t) => {
  t.throws(() => leastSquaresSlope([]), { instanceOf: WorkloadError });
  t.throws(() => leastSquaresSlope([{ count: 1, bytes: 5 }]), { instanceOf: WorkloadError });
  t.throws(
    () =>
      leastSquaresSlope([
        { count: 1, bytes: 5 },
        { count: 1, bytes: 6 },
      ]),
    { instanceOf: WorkloadError },
  );
  t.throws(
    () =>
      leastSquaresSlope([
        { count: 1, bytes: 5 },
        { count: 2, bytes: Number.NaN },
      ]),
    { instanceOf: ParseError },
  );
});

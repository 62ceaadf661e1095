import test from 'ava';
import { ConfigError } from '../../../bench/errors.ts';
import { shareInterval } from '../../../bench/stats/share.ts';

const near = (found: readonly number[], wanted: readonly number[]): boolean =>
  found.every((value, index) => Math.abs(value - (wanted[index] ?? Number.NaN)) < 5e-5);

test('the interval is Clopper and Pearson’s, as tables have it', (t) => {
  t.true(near(shareInterval(0, 10, 0.95), [0, 0.3085]));
  t.true(near(shareInterval(10, 10, 0.95), [0.6915, 1]));
  t.true(near(shareInterval(1, 10, 0.95), [0.0025, 0.445]));
  t.true(near(shareInterval(5, 10, 0.95), [0.1871, 0.8129]));
  t.true(near(shareInterval(5, 100, 0.95), [0.0164, 0.1128]));
});

test('many trials make it narrow, and never leave 0 to 1', (t) => {
  const [lo, hi] = shareInterval(500, 10_000, 0.95);
  t.true(lo > 0.045 && hi < 0.055);
  t.deepEqual(shareInterval(0, 100_000, 0.95)[0], 0);
});

test('impossible counts and levels throw', (t) => {
  t.throws(() => shareInterval(0, 0, 0.95), { instanceOf: ConfigError });
  t.throws(() => shareInterval(-1, 5, 0.95), { instanceOf: ConfigError });
  t.throws(() => shareInterval(1, 5, 1), { instanceOf: ConfigError });
});

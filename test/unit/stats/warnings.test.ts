import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { seededRandom } from '../../../bench/stats/random.ts';
import { type SeriesSample, seriesWarnings } from '../../../bench/stats/warnings.ts';
import { autocorrelated, NOISES, normal, shareOf } from '../../stats/noise.ts';

const RUNNERS = 4;

function samples(values: readonly number[]): SeriesSample[] {
  return values.map((value, block) => ({ block, position: (block + Math.floor(block / RUNNERS)) % RUNNERS, value }));
}

function kinds(values: readonly number[], seed = 1, options = {}): readonly string[] {
  return seriesWarnings(samples(values), seed, options).map((warning) => warning.kind);
}

const series = (n: number, value: (index: number) => number): number[] =>
  Array.from({ length: n }, (_, index) => value(index));

for (const [name, noise] of Object.entries(NOISES)) {
  // Two modes are what the warning is for.
  if (name === 'bimodal') continue;
  test(`clean ${name} series rarely warn`, (t) => {
    for (const n of [12, 24]) {
      const warned = shareOf(
        250,
        n,
        (random, run) =>
          kinds(
            series(n, () => noise(random)),
            run,
          ).length > 0,
      );
      t.true(warned <= 0.06, `n ${n}: ${warned}`);
    }
  });
}

test('autocorrelation, which breaks the level of the interval, is warned about', (t) => {
  const warned = shareOf(150, 1, (random, run) =>
    kinds(autocorrelated(random, 40, 0.7), run).includes('autocorrelation'),
  );
  t.true(warned > 0.8, String(warned));
});

test('drift is warned about', (t) => {
  const random = seededRandom(2);
  t.true(kinds(series(24, (block) => 100 + block + 3 * normal(random))).includes('drift'));
});

test('an effect of the position is warned about', (t) => {
  const random = seededRandom(3);
  const found = seriesWarnings(
    samples(series(24, () => 0)).map((sample) => {
      return { ...sample, value: 100 + normal(random) + (sample.position === 0 ? 3 : 0) };
    }),
    1,
  );
  t.deepEqual(
    found.map((warning) => warning.kind),
    ['position'],
  );
});

test('two groups are warned about', (t) => {
  const warned = shareOf(100, 4, (random, run) =>
    kinds(
      series(30, () => NOISES.bimodal?.(random) ?? 0),
      run,
    ).includes('bimodal'),
  );
  t.true(warned > 0.9, String(warned));
});

test('ties at the resolution of the clock are warned about, but not among bytes', (t) => {
  const random = seededRandom(5);
  const coarse = series(20, () => 10 * random.int(1, 4));
  t.true(kinds(coarse).includes('ties'));
  t.false(kinds(coarse, 1, { exact: true }).includes('ties'));
});

test('a constant series and one of fewer than eight values say nothing', (t) => {
  t.deepEqual(kinds(series(30, () => 4096)), []);
  t.deepEqual(kinds([1, 2, 3, 4, 5, 6, 7]), []);
  t.deepEqual(kinds([]), []);
});

test('the same seed gives the same warnings, whatever the order of the samples', (t) => {
  const random = seededRandom(6);
  const given = samples(autocorrelated(random, 30, 0.8));
  const once = seriesWarnings(given, 9);
  t.true(once.length > 0);
  t.deepEqual(seriesWarnings(given.toReversed(), 9), once);
});

test('a value that is no number throws', (t) => {
  t.throws(() => kinds([1, Number.NaN]), { instanceOf: ParseError });
  t.throws(() => kinds([1, Infinity]), { instanceOf: ParseError });
});

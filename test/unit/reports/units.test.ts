import test from 'ava';
import {
  formatInterval,
  formatLevel,
  formatProbability,
  formatRatioInterval,
  formatShare,
  formatValue,
  significant,
} from '../../../reports/units.ts';

test('times go from ns to s and sizes from B to TB, decimal, with three digits', (t) => {
  t.is(formatValue(0, 'ns'), '0 ns');
  t.is(formatValue(7, 'ns'), '7.00 ns');
  t.is(formatValue(59_627, 'ns'), '59.6 µs');
  t.is(formatValue(812_345_678, 'ns'), '812 ms');
  t.is(formatValue(123_456_000_000, 'ns'), '123 s');
  t.is(formatValue(3_600_000_000_000, 'ns'), '3600 s');
  t.is(formatValue(311_500_000, 'bytes'), '312 MB');
  t.is(formatValue(1_000, 'bytes'), '1.00 kB');
  t.is(formatValue(-4096, 'bytes'), '−4.10 kB');
});

test('rates go up in thousands, bytes a second as well', (t) => {
  t.is(formatValue(84_213, '1/s'), '84.2 k/s');
  t.is(formatValue(0.5, '1/s'), '0.500 /s');
  t.is(formatValue(1_180_000, '1/s'), '1.18 M/s');
  t.is(formatValue(8.42e9, 'B/s'), '8.42 GB/s');
  t.is(formatInterval({ lo: 998, hi: 1_200 }, '1/s'), '998 /s–1.20 k/s');
});

test('a count has every digit before the point, no unit, and none after it without need', (t) => {
  t.is(formatValue(1024, 'count'), '1024');
  t.is(formatValue(50, 'count'), '50');
  t.is(formatValue(0, 'count'), '0');
  t.is(formatValue(50.5, 'count'), '50.5');
  t.is(formatInterval({ lo: 97, hi: 100 }, 'count'), '97–100');
  t.is(formatInterval({ lo: 1100, hi: 1100 }, 'count'), '1100');
});

test('any other text is a unit too, bounded and printable, also one that an object would know', (t) => {
  t.is(formatValue(73.51, 'widgets/min'), '73.5 widgets/min');
  t.is(formatInterval({ lo: 73, hi: 74.5 }, 'widgets/min'), '73–74.5 widgets/min');
  t.is(formatValue(7, 'constructor'), '7 constructor');
  t.is(formatValue(7, ''), '7');
  const shown = formatValue(7, `\u001b[31m${'x'.repeat(1000)}\n`);
  t.is(shown, `7 ${'x'.repeat(15)}…`);
});

test('rounding moves to the next unit, never to a fourth digit', (t) => {
  t.is(formatValue(999_600, 'ns'), '1.00 ms');
  t.is(formatValue(999_400, 'ns'), '999 µs');
});

test('an interval names its unit once, and an end without a bound is infinite', (t) => {
  t.is(formatInterval({ lo: 790e6, hi: 840e6 }, 'ns'), '790–840 ms');
  t.is(formatInterval({ lo: 900e6, hi: 1.2e9 }, 'ns'), '900 ms–1.20 s');
  t.is(formatInterval({ lo: 755e6, hi: null }, 'ns'), '755 ms–∞');
  t.is(formatInterval({ lo: null, hi: null }, 'ns'), '∞');
});

test('ends that differ are shown with as many digits as tell them apart', (t) => {
  t.is(formatInterval({ lo: 313_548_973, hi: 314_029_470 }, 'bytes'), '313.5–314.0 MB');
  t.is(formatInterval({ lo: 5e6, hi: 5e6 }, 'bytes'), '5.00 MB');
  t.is(formatRatioInterval({ lo: 1.0012, hi: 1.0019 }), '1.001–1.002×');
  t.is(formatRatioInterval({ lo: 20.1, hi: null }), '20.1×–∞');
});

test('a level is rounded down, since it is attained at least', (t) => {
  t.is(formatLevel(0.99999), '99.9%');
  t.is(formatLevel(0.9875), '98.7%');
  t.is(formatLevel(0.95), '95.0%');
});

test('numbers never carry an exponent, probabilities may', (t) => {
  t.is(significant(1234567), '1230000');
  t.is(significant(0.000123), '0.000123');
  t.is(formatProbability(0.0625), '0.0625');
  t.is(formatProbability(2 ** -11), '4.9e-4');
  t.is(formatShare(0.05), '5%');
});

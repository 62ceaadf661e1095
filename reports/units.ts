import type { Unit } from '../bench/model/metric.ts';
import type { Interval } from '../bench/model/result.ts';
import { printable } from './text.ts';

/** Numbers as people read them: three significant digits, decimal units (1 kB = 1000 B). */

type Scale = readonly { readonly name: string; readonly size: number }[];

const BYTES: Scale = [
  { name: 'TB', size: 1e12 },
  { name: 'GB', size: 1e9 },
  { name: 'MB', size: 1e6 },
  { name: 'kB', size: 1e3 },
  { name: 'B', size: 1 },
];

/** Units that are scaled; a Map, since a unit may be any text. */
const SCALES: ReadonlyMap<Unit, Scale> = new Map<Unit, Scale>([
  [
    'ns',
    [
      { name: 's', size: 1e9 },
      { name: 'ms', size: 1e6 },
      { name: 'µs', size: 1e3 },
      { name: 'ns', size: 1 },
    ],
  ],
  ['bytes', BYTES],
  ['B/s', BYTES.map(({ name, size }) => ({ name: `${name}/s`, size }))],
  [
    '1/s',
    [
      { name: 'G/s', size: 1e9 },
      { name: 'M/s', size: 1e6 },
      { name: 'k/s', size: 1e3 },
      { name: '/s', size: 1 },
    ],
  ],
]);

/** A unit of a user's own workload is a word or two, not a paragraph. */
const UNIT_LIMIT = 16;

/** How a unit that is not scaled is written; a count has none. */
function plainName(unit: Unit): string {
  return unit === 'count' ? '' : printable(unit, UNIT_LIMIT);
}

/** Enough to tell two ends apart that three digits make the same. */
const MOST_DIGITS = 6;

/** Significant digits, never an exponent. */
export function significant(value: number, digits = 3): string {
  const rounded = Number(value.toPrecision(digits));
  if (rounded === 0) return '0';
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(decimals, 20)).replace('-', '−');
}

interface Shown {
  readonly number: string;
  readonly unit: string;
}

function parts(value: number, unit: Unit, digits = 3): Shown {
  const scale = SCALES.get(unit);
  if (!scale) return { number: counted(value, digits), unit: plainName(unit) };
  const rounded = Math.abs(Number(value.toPrecision(digits)));
  const step = scale.find(({ size }) => rounded >= size) ?? scale[scale.length - 1];
  return { number: significant(value / (step?.size ?? 1), digits), unit: step?.name ?? '' };
}

/** What is not scaled keeps every digit before the point, and none after it without need: 1024 instances are not 1020. */
function counted(value: number, digits: number): string {
  const whole = Math.abs(Math.trunc(value)).toFixed(0);
  return significant(value, Number.isInteger(value) ? whole.length : Math.max(digits, whole.length));
}

/** Both ends with as many digits as it takes to tell them apart. */
function range(lo: number, hi: number, shown: (value: number, digits: number) => Shown): string {
  for (let digits = 3; ; digits += 1) {
    const [a, b] = [shown(lo, digits), shown(hi, digits)];
    if (a.unit !== b.unit) return `${a.number} ${a.unit}–${b.number} ${b.unit}`.trim();
    if (a.number !== b.number) return `${a.number}–${b.number} ${a.unit}`.trim();
    if (digits === MOST_DIGITS || lo === hi) return `${shown(lo, 3).number} ${a.unit}`.trim();
  }
}

/** E.g. `812 ms`, `1.23 GB`, `84.2 k/s`; a count stands without a unit. */
export function formatValue(value: number, unit: Unit): string {
  const shown = parts(value, unit);
  return `${shown.number} ${shown.unit}`.trim();
}

/** E.g. `790–840 ms`, `900 ms–1.20 s`; an end without a bound is `∞`, which failures cause. */
export function formatInterval({ lo, hi }: Pick<Interval, 'lo' | 'hi'>, unit: Unit): string {
  if (lo !== null && hi !== null) return range(lo, hi, (value, digits) => parts(value, unit, digits));
  if (lo !== null) return `${formatValue(lo, unit)}–∞`;
  return hi === null ? '∞' : `∞–${formatValue(hi, unit)}`;
}

/** E.g. `3.42×`. */
export function formatRatio(ratio: number): string {
  return `${significant(ratio)}×`;
}

/** E.g. `2.90–4.10×`. */
export function formatRatioInterval({ lo, hi }: Pick<Interval, 'lo' | 'hi'>): string {
  if (lo !== null && hi !== null) {
    return `${range(lo, hi, (value, digits) => ({ number: significant(value, digits), unit: '' }))}×`;
  }
  if (lo !== null) return `${significant(lo)}×–∞`;
  return hi === null ? '∞' : `∞–${significant(hi)}×`;
}

/** A level in percent, rounded down: it is what the interval attains at least. */
export function formatLevel(level: number): string {
  return `${(Math.floor(level * 1000 + 1e-9) / 10).toFixed(1)}%`;
}

/** A probability: `0.0625`, or `1.2e-7` where it is tiny. */
export function formatProbability(p: number): string {
  return p >= 0.001 ? significant(p) : p.toExponential(1);
}

/** E.g. `5%`, `2.5%`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

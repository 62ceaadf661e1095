import type { Unit } from '../../bench/model/metric.ts';
import { formatRatio, formatValue } from '../units.ts';

/** Axes are decided here, so that a browser only draws and every number is written the same way. */

export interface Axis {
  readonly log: boolean;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** No text, since any text may be a metric's unit. */
export const RATIO: unique symbol = Symbol('ratio');

export type AxisUnit = Unit | typeof RATIO;

const MOST_TICKS = 8;
/** Room beside the outermost values of a logarithmic axis, as a share of its length. */
const ROOM = 0.04;

function label(value: number, unit: AxisUnit): string {
  const text = unit === RATIO ? formatRatio(value) : formatValue(value, unit);
  // A tick is a round number: no digits that say nothing.
  return text.replace(/^([−\d]*\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');
}

function powers(min: number, max: number, factors: readonly number[]): readonly number[] {
  const first = Math.floor(Math.log10(min));
  const last = Math.ceil(Math.log10(max));
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .flatMap((exponent) => factors.map((factor) => Number(`${factor}e${exponent}`)))
    .filter((value) => value >= min && value <= max);
}

/** Powers of ten, with steps between them where there is room. */
function logTicks(min: number, max: number): readonly number[] {
  const choices = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]];
  return choices.map((factors) => powers(min, max, factors)).findLast((ticks) => ticks.length <= MOST_TICKS) ?? [];
}

function niceStep(length: number): number {
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

/** Even steps over a range too narrow for powers of ten; none that would be written alike. */
function evenTicks(min: number, max: number, unit: AxisUnit): readonly number[] {
  const choices = [1, 2, 5].map((factor) => {
    const step = factor * niceStep(max - min);
    const first = Math.ceil(min / step);
    return Array.from({ length: Math.floor(max / step) - first + 1 }, (_, index) => (first + index) * step);
  });
  const distinct = (ticks: readonly number[]) => new Set(ticks.map((tick) => label(tick, unit))).size === ticks.length;
  return choices.find(distinct) ?? [];
}

/** From zero, since a bar's length is its value. */
export function linearAxis(values: readonly number[], unit: AxisUnit): Axis {
  const lowest = Math.min(0, ...values);
  const highest = Math.max(0, ...values);
  const step = niceStep(highest - lowest || 1);
  const first = Math.floor(lowest / step);
  const count = Math.ceil(highest / step) - first + 1;
  const ticks = Array.from({ length: count }, (_, index) => (first + index) * step);
  return {
    log: false,
    min: ticks[0] ?? 0,
    max: ticks.at(-1) ?? 1,
    ticks: ticks.map((value) => ({ value, label: label(value, unit) })),
  };
}

/** Logarithmic where every value allows it. */
export function spreadAxis(values: readonly number[], unit: AxisUnit): Axis {
  const lowest = Math.min(...values);
  if (values.length === 0 || !(lowest > 0)) return linearAxis(values, unit);
  const highest = Math.max(...values);
  // Half a percent at least: equal values still need an axis.
  const room = Math.max((highest / lowest) ** ROOM, 1.005);
  const [min, max] = [lowest / room, highest * room];
  const round = logTicks(min, max);
  const ticks = round.length > 1 ? round : evenTicks(min, max, unit);
  return { log: true, min, max, ticks: ticks.map((value) => ({ value, label: label(value, unit) })) };
}

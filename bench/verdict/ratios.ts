import type { Better, Metric } from '../model/metric.ts';
import type { RatioToNative } from '../model/result.ts';
import { pairedRatio } from '../stats/ratio.ts';
import { compare } from './comparison.ts';
import type { BlockValue } from './series.ts';

/** Ratios of two runners, and where they stand towards a threshold. */

export interface RatioRules {
  readonly level: number;
  readonly delta: number;
}

/** Values of one metric against another runner's, in the blocks that both share. */
export function ratioOf(
  values: readonly BlockValue[],
  base: readonly BlockValue[],
  { better }: Pick<Metric, 'better'>,
  { level, delta }: RatioRules,
): RatioToNative {
  const own = new Map(values.map(({ block, value }) => [block, value]));
  const below = new Map(base.map(({ block, value }) => [block, value]));
  const blocks = [...new Set([...own.keys(), ...below.keys()])].toSorted((a, b) => a - b);
  const pairs = blocks.map((block) => ({ block, runner: own.get(block) ?? null, native: below.get(block) ?? null }));
  const paired = pairedRatio(pairs, better, level);
  const { verdict, beyondDelta, needsBlocks } = compare(paired, delta, better);
  const [lo, hi] = paired.ci ?? [0, 0];
  return {
    value: paired.value,
    ci: paired.ci && { lo: finiteOrNull(lo), hi: finiteOrNull(hi), level: paired.attainedLevel ?? paired.level },
    n: paired.n,
    withoutNative: paired.withoutNative,
    smallestP: paired.smallestP,
    verdict,
    beyondDelta,
    needsBlocks,
  };
}

/** Kept out of `result.json` as infinities: JSON has none. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Where an interval lies: on one side of a threshold, across it, or nowhere. */
export interface Side {
  readonly side: 'above' | 'below' | 'across' | 'unknown';
  /** For `across` and `unknown`: about how many blocks it would take, where that can be said. */
  readonly needsBlocks: number | null;
}

/** Where a ratio's interval lies once it is turned so that more is better, whatever the metric's direction. */
export function sideOf(ratio: RatioToNative, better: Better, threshold: number): Side {
  if (!ratio.ci) return { side: 'unknown', needsBlocks: ratio.needsBlocks };
  const { value, lo, hi } = turned(ratio.value, ratio.ci.lo ?? 0, ratio.ci.hi ?? Infinity, better);
  if (lo > threshold) return { side: 'above', needsBlocks: null };
  if (hi < threshold) return { side: 'below', needsBlocks: null };
  return { side: 'across', needsBlocks: value === null ? null : blocksToClear(value, lo, hi, ratio.n, threshold) };
}

function turned(value: number | null, lo: number, hi: number, better: Better) {
  if (better === 'higher') return { value, lo, hi };
  return { value: value === null ? null : 1 / value, lo: 1 / hi, hi: 1 / lo };
}

/** An estimate: the interval shrinks with √n around the value until the threshold is out of it. */
function blocksToClear(value: number, lo: number, hi: number, n: number, threshold: number): number | null {
  const distance = Math.abs(Math.log(value / threshold));
  const reach = value > threshold ? Math.log(value / lo) : Math.log(hi / value);
  const blocks = Math.ceil(n * (reach / distance) ** 2);
  return Number.isFinite(blocks) ? Math.max(n + 1, blocks) : null;
}

/** `0.712× (0.684–0.739×)`, as it was measured, whichever way is better. */
export function ratioInWords(ratio: RatioToNative): string {
  const value = ratio.value === null ? 'no ratio' : `${digits(ratio.value)}×`;
  if (!ratio.ci) return value;
  const { lo, hi } = ratio.ci;
  return `${value} (${lo === null ? '∞' : digits(lo)}–${hi === null ? '∞' : `${digits(hi)}×`})`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

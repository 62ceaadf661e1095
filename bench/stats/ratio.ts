import { ParseError } from '../errors.ts';
import type { Better } from '../model/metric.ts';
import { smallestP } from './blocks.ts';
import { extendedMedian } from './quantile.ts';
import { signInterval } from './sign-interval.ts';

/** What a runner has in one block: its one number, `failed` where it should have given one, null where nothing was asked. */
export type Reading = number | 'failed' | null;

export interface PairedBlock {
  readonly block: number;
  readonly runner: Reading;
  readonly native: Reading;
}

/** A runner against native over the blocks of one experiment. */
export interface PairedRatio {
  /** exp(median L); null without a block, where the median is a failure, or where `notPositive` blocks exist. */
  readonly value: number | null;
  /** In ratio terms; `hi` is Infinity and `lo` is 0 where failures reach them. Null when n is too small for the level. */
  readonly ci: readonly [lo: number, hi: number] | null;
  /** Blocks with a ratio, failures of the runner included. */
  readonly n: number;
  /** Blocks without a value of native: it failed, or was not measured. They have no ratio. */
  readonly withoutNative: number;
  /** Blocks in which native has a value and the runner was not measured. They have no ratio. */
  readonly missing: number;
  /** Blocks in which the runner failed, whether or not native did. */
  readonly failures: number;
  /** Blocks with a zero or negative reading. One of them leaves the whole comparison without a ratio: to drop it would bias. */
  readonly notPositive: number;
  /** Half or more of the n blocks are failures, so that the median is one. */
  readonly medianFailed: boolean;
  /** The asked level. */
  readonly level: number;
  /** What the interval attains; null without one. */
  readonly attainedLevel: number | null;
  /** The smallest two-sided p that n blocks can give, 2^(1−n). */
  readonly smallestP: number;
}

/**
 * Per block L = ln(y_runner / y_native); the estimate is exp(median L), the interval the exact sign test's. A failed
 * runner enters as +∞, as −∞ where higher is better; where native has no value the block has no ratio and is counted.
 *
 * @throws ParseError `NOT_A_NUMBER` for a reading that is not finite, `DUPLICATE_BLOCK` when a block comes twice (reduce the
 * operations of an instance to one number first); ConfigError `BAD_LEVEL`.
 */
export function pairedRatio(blocks: readonly PairedBlock[], better: Better, level: number): PairedRatio {
  refuseDuplicates(blocks);
  const logs: number[] = [];
  let withoutNative = 0;
  let missing = 0;
  let notPositive = 0;
  for (const { runner, native } of blocks) {
    const below = finite(native);
    const above = finite(runner);
    if (below === undefined) withoutNative++;
    else if (above === undefined && runner === null) missing++;
    else if (below <= 0 || (above !== undefined && above <= 0)) notPositive++;
    else if (above === undefined) logs.push(better === 'lower' ? Infinity : -Infinity);
    else logs.push(Math.log(above) - Math.log(below));
  }
  const interval = signInterval(logs, level);
  const middle = logs.length === 0 ? null : extendedMedian(logs);
  const defined = notPositive === 0;
  return {
    value: defined && middle !== null && Number.isFinite(middle) ? Math.exp(middle) : null,
    ci: defined && interval ? [Math.exp(interval.lo), Math.exp(interval.hi)] : null,
    n: logs.length,
    withoutNative,
    missing,
    failures: blocks.filter((block) => block.runner === 'failed').length,
    notPositive,
    medianFailed: middle !== null && !Number.isFinite(middle),
    level,
    attainedLevel: defined && interval ? interval.attainedLevel : null,
    smallestP: smallestP(logs.length),
  };
}

/** The number of a reading; undefined for `failed` and null. */
function finite(reading: Reading): number | undefined {
  if (reading === 'failed' || reading === null) return undefined;
  if (!Number.isFinite(reading)) throw new ParseError('NOT_A_NUMBER', `a reading for a ratio is ${reading}`);
  return reading;
}

function refuseDuplicates(blocks: readonly PairedBlock[]): void {
  const seen = new Set<number>();
  for (const { block } of blocks) {
    if (seen.has(block)) throw new ParseError('DUPLICATE_BLOCK', `block ${block} comes twice in one comparison`);
    seen.add(block);
  }
}

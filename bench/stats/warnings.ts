import { ParseError } from '../errors.ts';
import type { Text } from '../model/text.ts';
import { separation, twoGroups } from './bimodality.ts';
import { beyondChance } from './permutation.ts';
import { type Random, seededRandom } from './random.ts';
import { ranks } from './ranks.ts';

export type WarningKind = 'autocorrelation' | 'position' | 'drift' | 'ties' | 'bimodal';

/** One value of a cell and where it was taken. */
export interface SeriesSample {
  readonly block: number;
  /** Place of the runner in the block, from 0. */
  readonly position: number;
  readonly value: number;
}

export interface SeriesWarning {
  readonly kind: WarningKind;
  readonly message: Text;
  /** Of `autocorrelation` and `drift` a rank correlation, of `position` Kruskal–Wallis' H, of `ties` a share, of `bimodal` D. */
  readonly statistic: number;
}

export interface SeriesOptions {
  /** Counts and bytes repeat by nature; equal values are then no sign of a coarse clock. */
  readonly exact?: boolean;
}

/** With fewer blocks there is no telling, and nothing is said. */
const FEWEST = 8;
/** Chance of each permutation test to warn about clean data. */
const RATE = 0.005;

/**
 * What a reader must know before trusting the interval of one cell's series, in a fixed order. Conservative: clean series
 * warn in 1 to 4 of 100 cases, all warnings together (spikes the most). The tests work on ranks, so that one spike does not decide.
 * They are permutation tests, decided by `seed`. Fewer than 8 samples, or all the same, never warn.
 * @throws ParseError `NOT_A_NUMBER` for a value that is not finite.
 */
export function seriesWarnings(
  samples: readonly SeriesSample[],
  seed: number,
  options: SeriesOptions = {},
): readonly SeriesWarning[] {
  const series = samples.toSorted((a, b) => a.block - b.block);
  const values = series.map((sample) => sample.value);
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new ParseError('NOT_A_NUMBER', `a series holds ${wrong}`);
  if (values.length < FEWEST || new Set(values).size < 2) return [];
  const ranked = ranks(values);
  const positions = series.map((sample) => sample.position);
  const random = seededRandom(seed);
  return [
    autocorrelation(ranked, random),
    positionEffect(ranked, positions, random),
    drift(ranked, random),
    options.exact ? null : ties(values),
    bimodal(values),
  ].filter((found) => found !== null);
}

/** Only a positive one: neighbours that are alike make the interval too narrow, neighbours that differ too wide. */
function autocorrelation(ranked: readonly number[], random: Random): SeriesWarning | null {
  if (!beyondChance(ranked, lag1, RATE, random)) return null;
  return warning('autocorrelation', lag1(ranked), (r) => {
    return {
      en: `neighbouring blocks are alike (lag-1 rank autocorrelation ${r}): the interval is narrower than its level says; more blocks, further apart, would tell`,
      zh: `相邻区组的数值相近（滞后 1 的秩自相关 ${r}）：区间比其水平所示的要窄；需要更多、间隔更大的区组`,
    };
  });
}

function positionEffect(ranked: readonly number[], positions: readonly number[], random: Random): SeriesWarning | null {
  if (new Set(positions).size < 2) return null;
  const h = (series: readonly number[]): number => kruskalWallis(series, positions);
  if (!beyondChance(ranked, h, RATE, random)) return null;
  return warning('position', h(ranked), (statistic) => {
    return {
      en: `values depend on the place in the block (Kruskal–Wallis H ${statistic}): what ran before has an effect; whole squares of blocks balance it`,
      zh: `数值与在区组中的位置有关（Kruskal–Wallis H ${statistic}）：前一个运行器有影响；完整的拉丁方可以抵消`,
    };
  });
}

function drift(ranked: readonly number[], random: Random): SeriesWarning | null {
  const order = ranked.map((_, index) => index + 1);
  const rho = (series: readonly number[]): number => correlation(series, order, series);
  if (!beyondChance(ranked, (series) => Math.abs(rho(series)), RATE, random)) return null;
  return warning('drift', rho(ranked), (r) => {
    return {
      en: `values drift over the run (Spearman correlation with the block ${r}); the ratio, taken block by block, suffers less`,
      zh: `数值在运行中漂移（与区组序号的 Spearman 相关 ${r}）；逐区组求得的比值受影响较小`,
    };
  });
}

function ties(values: readonly number[]): SeriesWarning | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const tied = values.filter((value) => (counts.get(value) ?? 0) > 1).length / values.length;
  if (tied <= 0.5) return null;
  return warning('ties', tied, () => {
    return {
      en: `only ${counts.size} different values in ${values.length} blocks: the clock or counter is too coarse`,
      zh: `${values.length} 个区组只有 ${counts.size} 种数值：时钟或计数器太粗`,
    };
  });
}

function bimodal(values: readonly number[]): SeriesWarning | null {
  const distance = separation(values);
  if (distance === null || distance <= twoGroups(values.length)) return null;
  return warning('bimodal', distance, (d) => {
    return {
      en: `values form two groups (Ashman's D ${d}): the median may lie in either, and no typical value exists; look at the samples`,
      zh: `数值分成两群（Ashman D ${d}）：中位数可能落在任何一群，没有典型值；请查看原始样本`,
    };
  });
}

function warning(kind: WarningKind, statistic: number, message: (shown: string) => Text): SeriesWarning {
  return { kind, message: message(statistic.toFixed(2)), statistic };
}

function lag1(ranked: readonly number[]): number {
  return correlation(ranked.slice(1), ranked.slice(0, -1), ranked);
}

/** Σ(a − m)(b − m′) over the whole series' sum of squares; for permuted ranks these means and that sum never change. */
function correlation(a: readonly number[], b: readonly number[], whole: readonly number[]): number {
  // The mean of ranks and of 1 … n is the same.
  const mean = (whole.length + 1) / 2;
  let products = 0;
  let squares = 0;
  for (let index = 0; index < whole.length; index++) {
    squares += ((whole[index] as number) - mean) ** 2;
    if (index < a.length) products += ((a[index] as number) - mean) * ((b[index] as number) - mean);
  }
  return products / squares;
}

function kruskalWallis(ranked: readonly number[], groups: readonly number[]): number {
  const sums = new Map<number, { sum: number; count: number }>();
  ranked.forEach((rank, index) => {
    const group = sums.get(groups[index] as number) ?? { sum: 0, count: 0 };
    sums.set(groups[index] as number, { sum: group.sum + rank, count: group.count + 1 });
  });
  const n = ranked.length;
  const total = [...sums.values()].reduce((all, { sum, count }) => all + sum ** 2 / count, 0);
  return (12 / (n * (n + 1))) * total - 3 * (n + 1);
}

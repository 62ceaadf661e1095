import type { JournalEvent } from '../model/journal.ts';
import type { Manifest, ManifestRunner, PlannedExperiment } from '../model/manifest.ts';
import type { Metric } from '../model/metric.ts';
import type { Cell, Interval, RatioToNative } from '../model/result.ts';
import { extendedMedian } from '../stats/quantile.ts';
import { pairedRatio } from '../stats/ratio.ts';
import { type SignInterval, signInterval, widestInterval } from '../stats/sign-interval.ts';
import { seriesWarnings } from '../stats/warnings.ts';
import { compare } from './comparison.ts';
import { type BlockValue, blockValues } from './series.ts';

const NATIVE = 'native';

/** Kept out of `result.json` as infinities: JSON has none. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function intervalOf(found: SignInterval | null): Interval | null {
  return found && { lo: finiteOrNull(found.lo), hi: finiteOrNull(found.hi), level: found.attainedLevel };
}

/** Failures as the extreme that counts against the runner. */
function extended(values: readonly BlockValue[], metric: Metric): readonly number[] {
  const failed = metric.better === 'lower' ? Infinity : -Infinity;
  return values.map(({ value }) => (value === 'failed' ? failed : value));
}

function ratioOf(
  values: readonly BlockValue[],
  native: readonly BlockValue[],
  metric: Metric,
  manifest: Manifest,
): RatioToNative {
  const own = new Map(values.map(({ block, value }) => [block, value]));
  const base = new Map(native.map(({ block, value }) => [block, value]));
  const blocks = [...new Set([...own.keys(), ...base.keys()])].toSorted((a, b) => a - b);
  const pairs = blocks.map((block) => ({ block, runner: own.get(block) ?? null, native: base.get(block) ?? null }));
  const paired = pairedRatio(pairs, metric.better, manifest.level);
  const { verdict, beyondDelta, needsBlocks } = compare(paired, manifest.delta, metric.better);
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

export interface CellContext {
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
  /** Runners in which an undeclared difference was read back. */
  readonly notComparable: ReadonlySet<string>;
}

function statusOf(context: CellContext, runner: ManifestRunner, metric: Metric, values: number): Cell['status'] {
  if (values === 0) return 'no-data';
  if (context.notComparable.has(runner.as)) return 'not-comparable';
  if (runner.capabilities.accelerator === 'tcg' && !metric.assessableEmulated) return 'emulated';
  return 'assessable';
}

/** Blocks of an experiment in which a guard tripped. */
function markedBlocks(events: readonly JournalEvent[], experiment: string): ReadonlySet<number> {
  const marked = events.flatMap((event) =>
    event.type === 'guard' && event.tripped && event.phase === 'measured' && event.experiment === experiment
      ? [event.block]
      : [],
  );
  return new Set(marked);
}

/** How a cell looks without the marked blocks: what they may have done to it. */
function withoutMarked(
  context: CellContext,
  metric: Metric,
  values: readonly BlockValue[],
  native: readonly BlockValue[] | null,
  experiment: string,
): Cell['withoutMarked'] {
  const marked = markedBlocks(context.events, experiment);
  if (marked.size === 0) return null;
  const clean = (series: readonly BlockValue[]) => series.filter(({ block }) => !marked.has(block));
  const kept = clean(values);
  return {
    n: kept.filter(({ value }) => value !== 'failed').length,
    median: kept.length === 0 ? null : finiteOrNull(extendedMedian(extended(kept, metric))),
    ratio: native === null ? null : ratioOf(kept, clean(native), metric, context.manifest).value,
  };
}

/** What a reader must know of the ratios themselves: drift that both share cancels, what is left in one of them does not. */
function ratioWarnings(values: readonly BlockValue[], native: readonly BlockValue[], seed: number): readonly string[] {
  const base = new Map(native.map(({ block, value }) => [block, value]));
  const logs = values.flatMap(({ block, position, value }) => {
    const below = base.get(block);
    if (value === 'failed' || typeof below !== 'number' || value <= 0 || below <= 0) return [];
    return [{ block, position, value: Math.log(value / below) }];
  });
  return seriesWarnings(logs, seed).map((warning) => `ratio to native: ${warning.message}`);
}

/** One cell: block values reduced, with its interval, its ratio to native and its warnings. Null where nothing was tried. */
export function cellOf(
  context: CellContext,
  runner: ManifestRunner,
  experiment: PlannedExperiment,
  metric: Metric,
): Cell | null {
  const { manifest, events } = context;
  const key = { experiment: experiment.id, metric: metric.id, phase: 'measured' } as const;
  const values = blockValues(events, { ...key, runner: runner.as });
  if (values.length === 0) return null;
  const numbers = values.flatMap(({ value }) => (value === 'failed' ? [] : [value]));
  const status = statusOf(context, runner, metric, numbers.length);
  const all = extended(values, metric);
  const native = blockValues(events, { ...key, runner: NATIVE });
  const compared = metric.primary && runner.as !== NATIVE && native.length > 0 && status === 'assessable';
  const series = values.flatMap(({ block, position, value }) =>
    value === 'failed' ? [] : [{ block, position, value }],
  );
  return {
    key: `${runner.as}/${experiment.id}/${experiment.workload}/${metric.id}`,
    runner: runner.as,
    experiment: experiment.id,
    workload: experiment.workload,
    metric: metric.id,
    title: metric.title,
    unit: metric.unit,
    better: metric.better,
    primary: metric.primary,
    n: numbers.length,
    failures: values.length - numbers.length,
    median: finiteOrNull(extendedMedian(all)),
    ci: intervalOf(signInterval(all, manifest.level) ?? widestInterval(all)),
    min: numbers.length > 0 ? Math.min(...numbers) : null,
    max: numbers.length > 0 ? Math.max(...numbers) : null,
    status,
    ratioToNative: compared ? ratioOf(values, native, metric, manifest) : null,
    withoutMarked: withoutMarked(context, metric, values, compared ? native : null, experiment.id),
    warnings: [
      ...seriesWarnings(series, manifest.seed, { exact: metric.unit === 'bytes' }).map((warning) => warning.message),
      ...(compared ? ratioWarnings(values, native, manifest.seed) : []),
    ],
  };
}

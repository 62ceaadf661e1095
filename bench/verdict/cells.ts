import type { Manifest, ManifestRunner, PlannedExperiment } from '../model/manifest.ts';
import { isCompared, type Metric } from '../model/metric.ts';
import type { Cell, Interval, RatioToNative, Tail } from '../model/result.ts';
import type { Text } from '../model/text.ts';
import { componentsOf } from '../stats/components.ts';
import { extendedMedian } from '../stats/quantile.ts';
import { type SignInterval, signInterval, widestInterval } from '../stats/sign-interval.ts';
import { fewestForTail, tailEstimate } from '../stats/tail.ts';
import { seriesWarnings } from '../stats/warnings.ts';
import { finiteOrNull, ratioOf } from './ratios.ts';
import type { BlockValue, Series, SeriesKey } from './series.ts';

export const NATIVE = 'native';

function intervalOf(found: SignInterval | null): Interval | null {
  return found && { lo: finiteOrNull(found.lo), hi: finiteOrNull(found.hi), level: found.attainedLevel };
}

/** How far out, towards what is worse, and at which level: alone, not as one of the comparisons. */
const TAILS = [0.95, 0.99];
const TAIL_LEVEL = 0.95;

function tailsOf(values: readonly number[], { better }: Metric): readonly Tail[] {
  return TAILS.map((share) => {
    const p = better === 'lower' ? share : Number((1 - share).toFixed(2));
    const found = tailEstimate(values, p, TAIL_LEVEL);
    const value = found && finiteOrNull(found.value);
    return { p, value, ci: intervalOf(found), needsBlocks: fewestForTail(p, TAIL_LEVEL) };
  });
}

/** Failures as the extreme that counts against the runner. */
function extended(values: readonly BlockValue[], metric: Metric): readonly number[] {
  const failed = metric.better === 'lower' ? Infinity : -Infinity;
  return values.map(({ value }) => (value === 'failed' ? failed : value));
}

export interface CellContext {
  readonly manifest: Manifest;
  readonly series: Series;
  /** Runners in which an undeclared difference was read back. */
  readonly notComparable: ReadonlySet<string>;
}

function statusOf(context: CellContext, runner: ManifestRunner, metric: Metric, values: number): Cell['status'] {
  if (values === 0) return 'no-data';
  if (context.notComparable.has(runner.as)) return 'not-comparable';
  if (runner.capabilities.accelerator === 'tcg' && !metric.assessableEmulated) return 'emulated';
  return 'assessable';
}

/** What a reader must know of the ratios themselves: drift that both share cancels, what is left in one of them does not. */
function ratioWarnings(values: readonly BlockValue[], native: readonly BlockValue[], seed: number): readonly Text[] {
  const base = new Map(native.map(({ block, value }) => [block, value]));
  const logs = values.flatMap(({ block, position, value }) => {
    const below = base.get(block);
    if (value === 'failed' || typeof below !== 'number' || value <= 0 || below <= 0) return [];
    return [{ block, position, value: Math.log(value / below) }];
  });
  return seriesWarnings(logs, seed).map(({ message: { en, zh } }) => {
    return { en: `ratio to native: ${en}`, zh: `与原生之比：${zh}` };
  });
}

/** Of what is counted, equal values are no sign of a coarse clock. */
function isExact({ unit }: Metric): boolean {
  return unit === 'bytes' || unit === 'count';
}

/** A VM against the runner of the container column, in the blocks that both share; null for any other and without one. */
function ratioToContainer(
  { manifest, series, notComparable }: CellContext,
  { capabilities }: ManifestRunner,
  key: Omit<SeriesKey, 'runner'>,
  metric: Metric,
  values: readonly BlockValue[],
): RatioToNative | null {
  const { container } = manifest.columns;
  if (capabilities.isolation !== 'vm' || !isCompared(metric) || container === null) return null;
  if (notComparable.has(container)) return null;
  const base = series.blockValues({ ...key, runner: container });
  return base.length === 0 ? null : ratioOf(values, base, metric, manifest);
}

/**
 * One cell: block values reduced, with its interval, its ratio to native and its warnings, whatever the guards say. Null where
 * nothing was tried.
 */
export function cellOf(
  context: CellContext,
  runner: ManifestRunner,
  experiment: PlannedExperiment,
  metric: Metric,
): Cell | null {
  const { manifest, series } = context;
  const { id, workload } = experiment;
  const key = { experiment: id, workload, metric: metric.id, phase: 'measured' } as const;
  const values = series.blockValues({ ...key, runner: runner.as });
  if (values.length === 0) return null;
  const numbers = values.flatMap(({ value }) => (value === 'failed' ? [] : [value]));
  const status = statusOf(context, runner, metric, numbers.length);
  const all = extended(values, metric);
  const native = series.blockValues({ ...key, runner: NATIVE });
  const compared = isCompared(metric) && runner.as !== NATIVE && native.length > 0 && status === 'assessable';
  const drawn = values.flatMap(({ block, position, value }) =>
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
    tails: tailsOf(all, metric),
    scatter: componentsOf(series.operations({ ...key, runner: runner.as })),
    status,
    ratioToNative: compared ? ratioOf(values, native, metric, manifest) : null,
    ratioToContainer: status === 'assessable' ? ratioToContainer(context, runner, key, metric, values) : null,
    withoutMarked: null,
    warnings: [
      ...seriesWarnings(drawn, manifest.seed, { exact: isExact(metric) }).map((warning) => warning.message),
      ...(compared ? ratioWarnings(values, native, manifest.seed) : []),
    ],
  };
}

import type { JournalEvent, SampleEvent } from '../../bench/model/journal.ts';
import type { Cell, Result } from '../../bench/model/result.ts';
import { intervalText, medianText, ratioIntervalText, ratioText, ratioVerdictText } from '../phrases.ts';
import { printable } from '../text.ts';
import { formatValue } from '../units.ts';
import type { Entry, RatioEntry, Tone } from '../view-model.ts';
import type { Tongue } from './context.ts';
import { type CurveChart, curveText } from './curves.ts';
import { type Axis, linearAxis, RATIO, spreadAxis } from './ticks.ts';

/** What the script in the page draws: numbers, and every text ready to show. */

export interface ChartRow {
  readonly label: string;
  /** Beside the label. */
  readonly value: string;
  /** Beside the value, where there is room. */
  readonly detail: string;
  readonly tone: Tone;
  /** Drawn without filling: not comparable, or emulated. */
  readonly hollow: boolean;
  readonly middle: number | null;
  /** Null: no interval. An end of null: no bound on that side. */
  readonly interval: { readonly lo: number | null; readonly hi: number | null } | null;
  /** `marked`: a guard tripped in the block; `name` stands at the point. */
  readonly points: readonly {
    readonly value: number;
    readonly text: string;
    readonly marked: boolean;
    readonly name?: string;
  }[];
}

export interface RowChart {
  readonly id: string;
  /** `timeline`: named points of one start; `stack`: parts of a bar, each to its `value`. */
  readonly kind: 'dots' | 'bars' | 'forest' | 'timeline' | 'stack';
  readonly title: string;
  readonly axis: Axis;
  /** For `forest`: ratios that count as equivalent. */
  readonly band: readonly [lo: number, hi: number] | null;
  readonly rows: readonly ChartRow[];
}

export type ChartSpec = RowChart | CurveChart;

/** Blocks in which a guard tripped, for all runners or for one. */
export class MarkedBlocks {
  readonly #keys: ReadonlySet<string>;

  constructor(events: readonly JournalEvent[]) {
    const tripped = events.filter((event) => event.type === 'guard').filter((event) => event.tripped);
    this.#keys = new Set(tripped.map((event) => MarkedBlocks.#key(event, event.runner ?? null)));
  }

  static #key({ experiment, workload, block }: BlockOf, runner: string | null): string {
    return JSON.stringify([experiment, workload, block, runner]);
  }

  get any(): boolean {
    return this.#keys.size > 0;
  }

  has(sample: SampleEvent): boolean {
    return this.#keys.has(MarkedBlocks.#key(sample, null)) || this.#keys.has(MarkedBlocks.#key(sample, sample.runner));
  }
}

type BlockOf = Pick<SampleEvent, 'experiment' | 'workload' | 'block'>;

function labelOf({ runner, cell }: Entry, workloads: number): string {
  return printable(workloads > 1 ? `${runner.label} ${cell.workload}` : runner.label);
}

function baseRow(entry: Entry, { level, tongue: { words } }: Source, workloads: number): Omit<ChartRow, 'points'> {
  const { runner, cell } = entry;
  const interval = intervalText(cell, level, words);
  const detail = [
    interval,
    words.n(cell.n),
    cell.failures > 0 && cell.median !== null ? words.failed(cell.failures) : null,
  ];
  const notComparable = cell.status === 'not-comparable';
  return {
    label: labelOf(entry, workloads),
    value: medianText(cell, words),
    detail: [...detail, notComparable ? words.notComparable : null].filter((part) => part !== null).join(', '),
    tone: runner.tone,
    hollow: notComparable || runner.tone === 'emulated',
    middle: cell.median,
    interval: cell.ci && { lo: cell.ci.lo, hi: cell.ci.hi },
  };
}

/** A cell's measured samples, in the journal's order. */
export function measuredSamples(cell: Cell, events: readonly JournalEvent[]): readonly SampleEvent[] {
  return events.filter(
    (event): event is SampleEvent =>
      event.type === 'sample' &&
      event.phase === 'measured' &&
      event.runner === cell.runner &&
      event.experiment === cell.experiment &&
      event.workload === cell.workload &&
      event.metric === cell.metric,
  );
}

function samplesOf(cell: Cell, { events, marked, tongue: { t } }: Source): ChartRow['points'] {
  return measuredSamples(cell, events).map((sample) => ({
    value: sample.value,
    text: `${t('block', '区组')} ${sample.block}: ${formatValue(sample.value, cell.unit)}`,
    marked: marked.has(sample),
  }));
}

function workloadsOf(entries: readonly Entry[]): number {
  return new Set(entries.map(({ cell }) => cell.workload)).size;
}

function finite(values: readonly (number | null | undefined)[]): readonly number[] {
  return values.filter((value) => typeof value === 'number');
}

interface Source {
  readonly id: string;
  readonly title: string;
  /** Cells of one metric: an axis never joins two end points. */
  readonly entries: readonly Entry[];
  readonly events: readonly JournalEvent[];
  readonly marked: MarkedBlocks;
  readonly level: number;
  readonly tongue: Tongue;
}

/** Every measured sample as a dot, with median and interval. */
export function dotChart(source: Source): RowChart {
  const { id, title, entries } = source;
  const rows = entries.map((entry) => ({
    ...baseRow(entry, source, workloadsOf(entries)),
    points: samplesOf(entry.cell, source),
  }));
  const values = rows.flatMap(({ points, middle, interval }) =>
    finite([...points.map(({ value }) => value), middle, interval?.lo, interval?.hi]),
  );
  const unit = entries[0]?.cell.unit ?? 'ns';
  return { id, kind: 'dots', title: printable(title), axis: spreadAxis(values, unit), band: null, rows };
}

/** A bar from zero for each median. */
export function barChart(source: Source): RowChart {
  const { id, title, entries } = source;
  const rows = entries.map((entry) => ({ ...baseRow(entry, source, workloadsOf(entries)), points: [] }));
  const unit = entries[0]?.cell.unit ?? 'bytes';
  const values = rows.flatMap(({ middle, interval }) => finite([middle, interval?.lo, interval?.hi]));
  return { id, kind: 'bars', title: printable(title), axis: linearAxis(values, unit), band: null, rows };
}

function bandOf(delta: number): readonly [lo: number, hi: number] {
  return [1 / (1 + delta), 1 + delta];
}

/** An axis for forest charts that are to be read side by side. */
export function ratioAxis(ratios: readonly RatioEntry[], delta: number): Axis {
  const ends = ratios.flatMap(({ ratio }) => [ratio.value, ratio.ci?.lo, ratio.ci?.hi]);
  return spreadAxis(
    finite([...ends, ...bandOf(delta)]).filter((value) => value > 0),
    RATIO,
  );
}

interface Forest {
  readonly id: string;
  readonly title: string;
  /** Of one metric. */
  readonly ratios: readonly RatioEntry[];
  readonly result: Pick<Result, 'delta'>;
  readonly tongue: Tongue;
  /** Default: the ratios' own. */
  readonly axis?: Axis;
}

/** Ratios of one metric with their intervals, and the band in which they count as equivalent. */
export function forestChart({ id, title, ratios, result: { delta }, tongue, axis }: Forest): RowChart {
  const { words } = tongue;
  const rows = ratios.map((entry) => ({
    label: labelOf(entry, workloadsOf(ratios)),
    value: ratioText(entry.ratio, words),
    detail: `${ratioIntervalText(entry.ratio, words)}: ${ratioVerdictText(entry.ratio, delta, words)}`,
    tone: entry.runner.tone,
    hollow: entry.ratio.verdict === 'not-resolved',
    middle: entry.ratio.value,
    interval: entry.ratio.ci && { lo: entry.ratio.ci.lo, hi: entry.ratio.ci.hi },
    points: [],
  }));
  const scale = axis ?? ratioAxis(ratios, delta);
  return { id, kind: 'forest', title: printable(title), axis: scale, band: bandOf(delta), rows };
}

/** The same in words, for whoever does not see the canvas. */
export function chartText(chart: ChartSpec, { t }: Tongue): string {
  if (chart.kind === 'curves') return curveText(chart, t);
  const kind = {
    dots: t('Dot chart', '散点图'),
    bars: t('Bar chart', '条形图'),
    forest: t('Forest plot', '森林图'),
    timeline: t('Time lines', '时间线'),
    stack: t('Stacked bars', '堆叠条形图'),
  }[chart.kind];
  const rows = chart.rows.map(({ label, value, detail, points }) => {
    if (chart.kind === 'timeline') return `${label} ${points.map(({ text }) => text).join(', ')}`;
    return `${label} ${value}${detail === '' ? '' : ` (${detail})`}`;
  });
  const scale = chart.axis.log ? t('logarithmic scale', '对数刻度') : t('linear scale', '线性刻度');
  return t(
    `${kind}, ${scale}. ${chart.title}: ${rows.join('; ')}.`,
    `${kind}，${scale}。${chart.title}：${rows.join('；')}。`,
  );
}

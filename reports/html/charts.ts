import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Cell } from '../../bench/model/result.ts';
import { intervalText, medianText, ratioIntervalText, ratioText, ratioVerdictText } from '../phrases.ts';
import { printable } from '../text.ts';
import { formatValue } from '../units.ts';
import type { Entry, RatioEntry, Tone } from '../view-model.ts';
import { WORDS } from '../words.ts';
import { type Axis, linearAxis, spreadAxis } from './ticks.ts';

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
  /** `marked`: a guard tripped in the block. */
  readonly points: readonly { readonly value: number; readonly text: string; readonly marked: boolean }[];
}

export interface ChartSpec {
  readonly id: string;
  readonly kind: 'dots' | 'bars' | 'forest';
  readonly title: string;
  readonly axis: Axis;
  /** For `forest`: ratios that count as equivalent. */
  readonly band: readonly [lo: number, hi: number] | null;
  readonly rows: readonly ChartRow[];
}

const words = WORDS.en;

/** Blocks in which a guard tripped, as `experiment/block`. */
export type MarkedBlocks = ReadonlySet<string>;

export function markedBlocks(events: readonly JournalEvent[]): MarkedBlocks {
  const tripped = events.filter((event) => event.type === 'guard').filter((event) => event.tripped);
  return new Set(tripped.map(({ experiment, block }) => `${experiment}/${block}`));
}

function labelOf({ runner, cell }: Entry, workloads: number): string {
  return printable(workloads > 1 ? `${runner.label} ${cell.workload}` : runner.label);
}

function baseRow(entry: Entry, level: number, workloads: number): Omit<ChartRow, 'points'> {
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

function samplesOf(cell: Cell, events: readonly JournalEvent[], marked: MarkedBlocks): ChartRow['points'] {
  return events.flatMap((event) =>
    event.type === 'sample' &&
    event.phase === 'measured' &&
    event.runner === cell.runner &&
    event.experiment === cell.experiment &&
    event.metric === cell.metric
      ? [
          {
            value: event.value,
            text: `block ${event.block}: ${formatValue(event.value, cell.unit)}`,
            marked: marked.has(`${event.experiment}/${event.block}`),
          },
        ]
      : [],
  );
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
}

/** Every measured sample as a dot, with median and interval. */
export function dotChart({ id, title, entries, events, marked, level }: Source): ChartSpec {
  const rows = entries.map((entry) => ({
    ...baseRow(entry, level, workloadsOf(entries)),
    points: samplesOf(entry.cell, events, marked),
  }));
  const values = rows.flatMap(({ points, middle, interval }) =>
    finite([...points.map(({ value }) => value), middle, interval?.lo, interval?.hi]),
  );
  const unit = entries[0]?.cell.unit ?? 'ns';
  return { id, kind: 'dots', title: printable(title), axis: spreadAxis(values, unit), band: null, rows };
}

/** A bar from zero for each median. */
export function barChart({ id, title, entries, level }: Source): ChartSpec {
  const rows = entries.map((entry) => ({ ...baseRow(entry, level, workloadsOf(entries)), points: [] }));
  const unit = entries[0]?.cell.unit ?? 'bytes';
  const values = rows.flatMap(({ middle, interval }) => finite([middle, interval?.lo, interval?.hi]));
  return { id, kind: 'bars', title: printable(title), axis: linearAxis(values, unit), band: null, rows };
}

/** Ratios of one metric with their intervals, and the band in which they count as equivalent. */
export function forestChart(id: string, title: string, ratios: readonly RatioEntry[], delta: number): ChartSpec {
  const band = [1 / (1 + delta), 1 + delta] as const;
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
  const ends = ratios.flatMap(({ ratio }) => [ratio.value, ratio.ci?.lo, ratio.ci?.hi]);
  const values = finite([...ends, ...band]).filter((value) => value > 0);
  return { id, kind: 'forest', title: printable(title), axis: spreadAxis(values, 'ratio'), band, rows };
}

/** The same in words, for whoever does not see the canvas. */
export function chartText(chart: ChartSpec): string {
  const kind = { dots: 'Dot chart', bars: 'Bar chart', forest: 'Forest plot' }[chart.kind];
  const rows = chart.rows.map(({ label, value, detail }) => `${label} ${value}${detail === '' ? '' : ` (${detail})`}`);
  return `${kind}, ${chart.axis.log ? 'logarithmic' : 'linear'} scale. ${chart.title}: ${rows.join('; ')}.`;
}

import type { Cell } from '../../bench/model/result.ts';
import { medianText } from '../phrases.ts';
import { printable } from '../text.ts';
import { formatValue } from '../units.ts';
import type { Entry } from '../view-model.ts';
import type { RowChart } from './charts.ts';
import type { Tongue } from './context.ts';
import { linearAxis, spreadAxis } from './ticks.ts';

/** Charts that put several metrics of one runner into one row: the points of a start, the parts of what lies on disk. */

interface Rows {
  readonly id: string;
  readonly title: string;
  readonly entries: readonly Entry[];
  readonly tongue: Tongue;
}

/** The cells of each runner and workload, in the order in which they come. */
function rowsOf(entries: readonly Entry[]): readonly (readonly [Entry, ...Entry[]])[] {
  const groups = Map.groupBy(entries, ({ runner, cell }) => JSON.stringify([runner.id, cell.workload]));
  return [...groups.values()] as [Entry, ...Entry[]][];
}

function labelOf([{ runner, cell }]: readonly [Entry, ...Entry[]], entries: readonly Entry[]): string {
  const several = new Set(entries.map(({ cell: { workload } }) => workload)).size > 1;
  return printable(several ? `${runner.label} ${cell.workload}` : runner.label);
}

function medianOf(row: readonly Entry[], metric: string): Cell | undefined {
  return row.find(({ cell }) => cell.metric === metric && cell.median !== null)?.cell;
}

/** A line for each runner from its first named point to its last, each at its median. @param points in the order of a start. */
export function timeline({ id, title, entries, tongue: { words } }: Rows, points: readonly string[]): RowChart {
  const rows = rowsOf(entries).flatMap((row) => {
    const reached = points.flatMap((metric) => medianOf(row, metric) ?? []);
    const last = reached.at(-1);
    if (!last) return [];
    return [
      {
        ...{ label: labelOf(row, entries), value: medianText(last, words), detail: '', tone: row[0].runner.tone },
        ...{ hollow: last.status === 'not-comparable', middle: last.median, interval: null },
        points: reached.map(({ metric, median, unit }) => ({
          ...{ value: median ?? 0, name: metric, marked: false },
          text: `${metric} ${formatValue(median ?? 0, unit)}`,
        })),
      },
    ];
  });
  const axis = spreadAxis(
    rows.flatMap((row) => row.points.map(({ value }) => value)),
    'ns',
  );
  return { id, kind: 'timeline', title: printable(title), axis, band: null, rows };
}

/** A bar for each runner: what the first instance takes, and what one more adds. */
export function stack({ id, title, entries, tongue: { t } }: Rows, base: string, further: string): RowChart {
  const rows = rowsOf(entries).flatMap((row) => {
    const [first, more] = [medianOf(row, base), medianOf(row, further)];
    if (first?.median == null || more?.median == null) return [];
    const [one, each] = [formatValue(first.median, first.unit), formatValue(more.median, more.unit)];
    const whole = first.median + more.median;
    return [
      {
        ...{ label: labelOf(row, entries), tone: row[0].runner.tone, hollow: first.status === 'not-comparable' },
        ...{
          value: one,
          detail: t(`and ${each} for each instance`, `另加每个实例 ${each}`),
          middle: whole,
          interval: null,
        },
        points: [
          { value: first.median, text: `${base} ${one}`, marked: false },
          { value: whole, text: `${further} ${each}`, marked: false },
        ],
      },
    ];
  });
  const axis = linearAxis(
    rows.map(({ middle }) => middle),
    'bytes',
  );
  return { id, kind: 'stack', title: printable(title), axis, band: null, rows };
}

import { stringify } from 'csv-stringify/sync';
import type { Coordinates, FailureEvent, JournalEvent, SampleEvent } from '../bench/model/journal.ts';
import type { Manifest } from '../bench/model/manifest.ts';
import type { Cell, Result } from '../bench/model/result.ts';
import { printable } from './text.ts';

/** A number stays one whatever its sign; a text that a spreadsheet would run as a formula gets an apostrophe. */
type Field = string | number | null;

const TABLE_COLUMNS = [
  ...['runner', 'experiment', 'workload', 'metric', 'unit', 'better', 'status', 'n', 'failures', 'median'],
  ...['ci_lo', 'ci_hi', 'level', 'ratio', 'ratio_lo', 'ratio_hi', 'verdict'],
  ...['container_ratio', 'container_ratio_lo', 'container_ratio_hi'],
];

const SAMPLE_COLUMNS = [
  ...['session', 'block', 'position', 'phase', 'runner', 'instance', 'operation', 'experiment', 'workload', 'metric'],
  ...['unit', 'value', 'failure'],
];

function csv(columns: readonly string[], rows: readonly (readonly Field[])[]): string {
  const safe = rows.map((row) => row.map((field) => (typeof field === 'string' ? printable(field) : field)));
  return stringify([[...columns], ...safe], { escape_formulas: true });
}

function cellRow(cell: Cell): readonly Field[] {
  const { runner, experiment, workload, metric, unit, better, status, n, failures, median, ci } = cell;
  const ratio = cell.ratioToNative;
  const toContainer = cell.ratioToContainer;
  return [
    ...[runner, experiment, workload, metric, unit, better, status, n, failures, median],
    ...[ci?.lo ?? null, ci?.hi ?? null, ci?.level ?? null],
    ...[ratio?.value ?? null, ratio?.ci?.lo ?? null, ratio?.ci?.hi ?? null, ratio?.verdict ?? null],
    ...[toContainer?.value ?? null, toContainer?.ci?.lo ?? null, toContainer?.ci?.hi ?? null],
  ];
}

/** `table.csv`: one line a cell, in the result's order. What is missing is empty. Times in ns, sizes in bytes. */
export function tableCsv(result: Result): string {
  return csv(TABLE_COLUMNS, result.cells.map(cellRow));
}

/**
 * `samples.csv`: one line a raw sample and one a metric that failed (empty value, a code under `failure`), pilot included, in
 * the journal's order.
 */
export function samplesCsv(events: Iterable<JournalEvent>, manifest: Manifest): string {
  const keyOf = (experiment: string, workload: string, metric: string) =>
    JSON.stringify([experiment, workload, metric]);
  const units = new Map(
    manifest.experiments.flatMap(({ id, workload, metrics }) =>
      metrics.map((metric) => [keyOf(id, workload, metric.id), metric.unit]),
    ),
  );
  const row = (
    at: Coordinates,
    operation: number | null,
    metric: string,
    value: number | null,
    failure: string | null,
  ) => [
    ...[at.session, at.block, at.position, at.phase, at.runner, at.instance, operation],
    ...[
      at.experiment,
      at.workload,
      metric,
      units.get(keyOf(at.experiment, at.workload, metric)) ?? null,
      value,
      failure,
    ],
  ];
  const ofSample = (event: SampleEvent) => [row(event, event.operation, event.metric, event.value, null)];
  // A failure that cost no metric, such as one in cleaning, still has its line.
  const ofFailure = (event: FailureEvent) =>
    (event.metrics.length > 0 ? event.metrics : ['']).map((metric) => row(event, null, metric, null, event.code));
  const rows = [...events].flatMap((event) => {
    if (event.type === 'sample') return ofSample(event);
    return event.type === 'failure' ? ofFailure(event) : [];
  });
  return csv(SAMPLE_COLUMNS, rows);
}

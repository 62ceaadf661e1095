import type { Cell, ClaimResult } from '../bench/model/result.ts';

/** Which cells a row of the table is about. */

/** By their values, or by their ratios to native. */
export type Shows = 'value' | 'ratio';

export interface Subject {
  readonly shows: Shows;
  readonly decides: (cell: Cell) => boolean;
  readonly beside: (cell: Cell) => boolean;
}

function metricOf(experiment: string, metric: string): (cell: Cell) => boolean {
  return (cell) => cell.experiment === experiment && cell.metric === metric;
}

const nothing = () => false;

const SUBJECTS: ReadonlyMap<string, Subject> = new Map<string, Subject>([
  ['startup', { shows: 'value', decides: metricOf('startup', 'ready'), beside: nothing }],
  ['disk', { shows: 'value', decides: metricOf('disk', 'image'), beside: nothing }],
  [
    'performance',
    { shows: 'ratio', decides: (cell) => cell.experiment === 'throughput' && cell.primary, beside: nothing },
  ],
  [
    'density',
    {
      shows: 'value',
      decides: metricOf('density', 'achieved-idle'),
      beside: metricOf('density', 'projected-idle'),
    },
  ],
]);

/** Claims that no report knows show the metric of their first piece of evidence. */
export function subjectOf(claim: ClaimResult, cells: readonly Cell[]): Subject {
  const known = SUBJECTS.get(claim.id);
  if (known) return known;
  const keys = new Set(claim.halves.flatMap((half) => half.evidence));
  const first = cells.find((cell) => keys.has(cell.key));
  return {
    shows: 'value',
    decides: first ? metricOf(first.experiment, first.metric) : nothing,
    beside: nothing,
  };
}

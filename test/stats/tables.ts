import type { Carried, Coverage, FalseAlarms, FalseClaims, Power } from './proof.ts';

/** Tables of docs/statistics.md, as Markdown. */

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** One row for each first key, one column for each second. */
function crossed<T>(
  corner: string,
  items: readonly T[],
  row: (item: T) => string,
  column: (item: T) => string,
  cell: (item: T) => string,
): string {
  const columns = [...new Set(items.map(column))];
  const rows = [...Map.groupBy(items, row)];
  return table(
    [corner, ...columns],
    rows.map(([name, found]) => [name, ...columns.map((one) => cell(found.find((item) => column(item) === one) as T))]),
  );
}

export function coverageTable(found: readonly Coverage[]): string {
  return crossed(
    'noise',
    found,
    ({ noise }) => noise,
    ({ n }) => `n = ${n}`,
    ({ covered }) => percent(covered),
  );
}

export function carriedTable(found: readonly Carried[]): string {
  return crossed(
    'of the value before, each keeps',
    found,
    ({ share }) => `${100 * share}%`,
    ({ n }) => `n = ${n}`,
    ({ covered }) => percent(covered),
  );
}

export function falseClaimTable(found: readonly FalseClaims[]): string {
  return table(
    ['the host', 'restarts scatter', 'tare', 'one arm after the other', 'one start each'],
    found.map(({ drift, restarts, tare, starts, operations }) => [
      ...[drift, restarts === 0 ? 'not at all' : `${restarts}× as operations do`],
      ...[percent(tare), percent(starts), percent(operations)],
    ]),
  );
}

export function powerTable(found: readonly Power[]): string {
  return table(
    ['truly slower by', 'slower', 'equivalent', 'not resolved', 'faster'],
    found.map(({ slowdown, slower, equivalent, notResolved, faster }) => [
      `${(100 * slowdown).toFixed(0)}%`,
      ...[slower, equivalent, notResolved, faster].map(percent),
    ]),
  );
}

export function falseAlarmTable(found: readonly FalseAlarms[]): string {
  const whole = (share: number) => `${(100 * share).toFixed(0)}%`;
  return table(
    ['sessions scatter by', 'allowed', 'baseline of another session', 'both in one session'],
    found.map(({ sessionSd, allowed, stored, interleaved }) => [
      ...[whole(sessionSd), whole(allowed), percent(stored), percent(interleaved)],
    ]),
  );
}

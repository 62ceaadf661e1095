import type { Scatter } from '../bench/verdict/scatter.ts';
import { listRows, spread } from './terminal-grid.ts';
import { styleFor } from './terminal-style.ts';
import { printable } from './text.ts';
import { formatShare } from './units.ts';

const NOTE =
  'Standard deviations, as shares: between operations of one start, between starts of one session, and between sessions, each beyond what the one before it explains. Where sessions differ most, only more sessions help, or both sides of a comparison in one.';

/** The components as people read them on a terminal. */
export function renderScatter(
  { runs, cells }: Scatter,
  options: { readonly color: boolean; readonly width: number },
): string {
  const style = styleFor(options.color);
  const share = (value: number | null) => (value === null ? '–' : formatShare(value));
  const head = ['cell', 'operations', 'starts', 'sessions', 'n'].map((word) => style.strong(word));
  const rows = cells.map(({ key, operation, restart, session, starts }) => [
    printable(key),
    ...[operation, restart, session].map(share),
    String(starts),
  ]);
  return [
    style.heading(`scatter over ${runs.length} runs`),
    ...listRows([head, ...rows], options.width),
    '',
    ...spread(style.quiet(NOTE), options.width),
    '',
  ].join('\n');
}

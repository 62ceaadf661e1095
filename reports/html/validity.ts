import type { PageContext, Part } from './context.ts';
import { words } from './context.ts';
import { medianText, withoutMarkedText } from '../phrases.ts';
import { html, type Markup } from './markup.ts';
import { dataTable, runnerName } from './pieces.ts';

/** What a reader must weigh: failures, guards, differences, runners that are missing. */

export function failuresPart({ result, view }: PageContext): Part {
  const rows = result.failures.map((failure) => ({
    cells: [
      runnerName(view.runner(failure.runner)),
      `${failure.experiment}, ${failure.phase}`,
      failure.stage,
      failure.count,
      html`<code>${failure.code}</code> ${failure.message}`,
    ],
  }));
  const columns = [
    ...[{ heading: 'runner' }, { heading: 'where' }, { heading: 'stage' }, { heading: 'times', numeric: true }],
    { heading: 'what' },
  ];
  const body =
    rows.length === 0
      ? html`<p>None.</p>`
      : html`<p>A failure is counted and takes part as the worst value; it is never a dropped sample.</p>${dataTable('Counted failures', columns, rows)}`;
  return { id: 'failures', heading: words.failures, body, charts: [] };
}

/** How the primary values look without the marked blocks. */
function withoutMarkedTable({ view }: PageContext): Markup {
  const rows = view.ordinary.flatMap(({ cell, runner }) => {
    const text = cell.primary ? withoutMarkedText(cell, words) : null;
    return text === null ? [] : [{ cells: [cell.metric, runnerName(runner), medianText(cell, words), text] }];
  });
  const columns = [{ heading: 'metric' }, { heading: 'runner' }, { heading: 'all blocks' }, { heading: 'otherwise' }];
  return rows.length === 0 ? html`` : dataTable('What the marked blocks change', columns, rows);
}

export function guardsPart(context: PageContext): Part {
  const { result } = context;
  const rows = result.guards.map((guard) => ({
    cells: [
      guard.guard,
      guard.experiment,
      html`<span class="${guard.tripped > 0 ? 'bad' : 'quiet'}">${guard.tripped} of ${guard.blocks}</span>`,
      guard.message,
    ],
  }));
  const columns = [
    { heading: 'guard' },
    { heading: 'experiment' },
    { heading: 'blocks tripped', numeric: true },
    { heading: 'reading' },
  ];
  const body =
    rows.length === 0
      ? html`<p>This run recorded none.</p>`
      : html`<p>States of the host that make a block doubtful. Values of such blocks stay in the data; in the charts they are triangles.</p>${dataTable('Readings of the guards', columns, rows)}${withoutMarkedTable(context)}`;
  return { id: 'guards', heading: words.guards, body, charts: [] };
}

export function differencesPart({ result, view }: PageContext): Part {
  const rows = result.differences.map((difference) => ({
    cells: [
      runnerName(view.runner(difference.runner)),
      html`<code>${difference.limit}</code>`,
      difference.expected,
      difference.actual,
      difference.designed === null
        ? html`<span class="bad">undeclared: its values are not comparable</span>`
        : html`by design: ${difference.designed}`,
    ],
  }));
  const columns = ['runner', 'limit', 'expected', 'read back', 'why'].map((heading) => ({ heading }));
  const body =
    rows.length === 0
      ? html`<p>None: what was read back from every instance is what was asked for.</p>`
      : html`<p>Limits read back from the kernel or the domain that differ from the specification or from other runners’.</p>${dataTable('What was read back', columns, rows)}`;
  return { id: 'differences', heading: words.differences, body, charts: [] };
}

export function unavailablePart({ result }: PageContext): Part | null {
  if (result.unavailable.length === 0) return null;
  const rows = result.unavailable.map(({ id, code, reason, hint }) => ({
    cells: [id, html`<code>${code}</code> ${reason}`, hint],
  }));
  const columns = ['runner', 'why', 'what to do'].map((heading) => ({ heading }));
  return {
    id: 'unavailable',
    heading: words.unavailable,
    body: dataTable('Runners that could not run', columns, rows),
    charts: [],
  };
}

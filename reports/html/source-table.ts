import { medianText, supportText } from '../phrases.ts';
import { SYMBOLS } from '../symbols.ts';
import type { Column, HalfView, TableRow } from '../view-model.ts';
import { WORDS } from '../words.ts';
import { type PageContext, type Part, words } from './context.ts';
import { type Content, html, joined, type Markup } from './markup.ts';
import { estimate, runnerName } from './pieces.ts';

/** The source's table: its cells as they stand, what was measured, and a verdict for each half. */

function said(half: HalfView): Markup {
  return html`<p class="said"><q lang="zh">${half.source.zh}</q> <q lang="en">${half.source.en}</q></p>`;
}

function measured(half: HalfView, { result, view }: PageContext): Content {
  if (half.emulated) {
    const group = view.emulated.findIndex(({ runner }) => runner.id === half.runner?.id);
    return html`<p class="support">Only <a href="#emulated-${group + 1}">emulated values</a>: they stand apart.</p>`;
  }
  return half.measured.map(
    (cell) =>
      html`<p class="value">${medianText(cell, words)} <span class="metric">${cell.metric}</span></p>
<p class="support">${supportText(cell, result.level, words)}</p>`,
  );
}

function verdict(half: HalfView, { anchors }: PageContext): Markup {
  const text = html`<span aria-hidden="true">${SYMBOLS[half.verdict]}</span> ${words.claim[half.verdict]}`;
  const [first, ...more] = half.evidence;
  const chip = first
    ? html`<a class="chip ${half.verdict}" href="#${anchors.of(first)}">${text}</a>`
    : html`<span class="chip ${half.verdict}">${text}</span>`;
  const links = more.map((cell) => html`<a href="#${anchors.of(cell)}">${cell.metric}</a>`);
  const also = links.length === 0 ? null : html`<p class="support">Evidence also: ${joined(links, html`, `)}</p>`;
  return html`<p class="verdict">${chip}</p><p class="reason">${half.reason}</p>${also}`;
}

function halfCell(half: HalfView | null, column: Column, context: PageContext): Markup {
  const content = half ? [said(half), measured(half, context), verdict(half, context)] : null;
  // Where the page is narrow the heading of the column is out of sight, so the cell names it.
  const name = html`<span class="column-name" aria-hidden="true">${words[column]} ${half?.runner ? runnerName(half.runner) : null}</span>`;
  return html`<td role="cell">${name}${content}</td>`;
}

function otherRows(row: TableRow, context: PageContext): readonly Markup[] {
  return row.others.map((entry) => {
    const value = estimate(entry.cell, context);
    const note =
      entry.cell.status === 'not-comparable' ? html` <span class="remark">${words.notComparable}</span>` : null;
    const cells =
      entry.column === null
        ? html`<td role="cell" colspan="2">${value}${note}</td>`
        : entry.column === 'container'
          ? html`<td role="cell">${value}${note}</td><td role="cell" class="empty"></td>`
          : html`<td role="cell" class="empty"></td><td role="cell">${value}${note}</td>`;
    return html`<tr role="row" class="other"><th role="rowheader" scope="row">${runnerName(entry.runner)}</th>${cells}</tr>\n`;
  });
}

function columnHeading(column: Column, { result, view }: PageContext): Markup {
  const id = result.columns[column];
  const runner = id === null ? html`<span class="quiet">${words.noRunner}</span>` : runnerName(view.runner(id));
  return html`<th role="columnheader" scope="col"><span lang="zh">${WORDS.zh[column]}</span> ${words[column]}<br>${runner}</th>`;
}

export function sourceTable(context: PageContext): Part {
  const rows = context.view.table.map(
    (
      row,
    ) => html`<tr role="row" class="claim"><th role="rowheader" scope="row"><span class="feature" lang="zh">${row.feature.zh}</span> <span class="feature">${row.feature.en}</span></th>
${halfCell(row.halves.container, 'container', context)}
${halfCell(row.halves.vm, 'vm', context)}</tr>
${otherRows(row, context)}`,
  );
  const body = html`<table class="claims" role="table">
<caption>In quotation marks the source’s own cells; below them what this run measured, with a verdict for each half that leads to its evidence. Indented: other runners, by the same quantity.</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col"><span lang="zh">${WORDS.zh.feature}</span> ${words.feature}</th>${columnHeading('container', context)}${columnHeading('vm', context)}</tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table>`;
  return { id: 'table', heading: 'The source’s table, measured', body, charts: [] };
}

import type { Cell } from '../../bench/model/result.ts';
import { halfWithoutMarkedText, medianText, shownCell } from '../phrases.ts';
import type { Shows } from '../subjects.ts';
import { SYMBOLS } from '../symbols.ts';
import type { Column, HalfView, Place, RunnerView, TableRow } from '../view-model.ts';
import { type Lang, WORDS } from '../words.ts';
import type { PageContext, Part } from './context.ts';
import { type Content, html, joined, type Markup } from './markup.ts';
import { estimate, runnerName } from './pieces.ts';

/** The source's table: its cells as they stand, what was measured, and a verdict for each half. */

function said(half: HalfView): Markup {
  return html`<p class="said"><q lang="zh">${half.source.zh}</q> <q lang="en">${half.source.en}</q></p>`;
}

function measured(half: HalfView, shows: Shows, context: PageContext): Content {
  const { view, anchors, words, t } = context;
  if (half.emulated) {
    const id = `#emulated-${view.emulated.findIndex(({ runner }) => runner.id === half.runner?.id) + 1}`;
    return t(
      html`<p class="support">Only <a href="${id}">emulated values</a>: they stand apart.</p>`,
      html`<p class="support">只有<a href="${id}">仿真数值</a>：单独列出。</p>`,
    );
  }
  const beside = half.beside.map(
    (cell) =>
      html`<p class="support"><a href="#${anchors.of(cell)}">${words.projected(medianText(cell, words))}</a></p>`,
  );
  return [half.measured.length === 0 ? null : values(half.measured, shows, context), beside];
}

/** One value stands large, many of them in a list. */
function values(cells: readonly Cell[], shows: Shows, { result, view, anchors, words }: PageContext): Content {
  const showing = { view, level: result.level, words };
  const shown = cells.map((cell) => ({ cell, ...shownCell(cell, shows, showing) }));
  return shows === 'ratio'
    ? html`<ul class="ratios">${shown.map(
        ({ cell, name, value, support }) =>
          html`<li><a class="figure" href="#${anchors.of(cell)}">${value}</a> ${name} <span class="support">${support}</span></li>`,
      )}</ul>`
    : shown.map(
        ({ name, value, support }) =>
          html`<p class="value">${value} <span class="metric">${name}</span></p>
<p class="support">${support}</p>`,
      );
}

function verdict(half: HalfView, { anchors, view, words, t, lang }: PageContext): Markup {
  const text = html`<span aria-hidden="true">${SYMBOLS[half.verdict]}</span> ${words.claim[half.verdict]}`;
  const [first, ...more] = half.evidence;
  const chip = first
    ? html`<a class="chip ${half.verdict}" href="#${anchors.of(first)}">${text}</a>`
    : html`<span class="chip ${half.verdict}">${text}</span>`;
  const links = more
    .filter((cell) => half.measured.length < 2 || !half.measured.includes(cell))
    .map((cell) => html`<a href="#${anchors.of(cell)}">${view.nameOf(cell)}</a>`);
  const also =
    links.length === 0
      ? null
      : html`<p class="support">${t('Evidence also:', '其他依据：')} ${joined(links, html`, `)}</p>`;
  const unmarked = halfWithoutMarkedText(half, words);
  const beside = unmarked === null ? null : html`<p class="support"><a href="#guards">${unmarked}</a></p>`;
  return html`<p class="verdict">${chip}</p><p class="reason">${half.reason[lang]}</p>${beside}${also}`;
}

function halfCell(half: HalfView | null, shows: Shows, column: Column, context: PageContext): Markup {
  const content = half ? [said(half), measured(half, shows, context), verdict(half, context)] : null;
  // Where the page is narrow the heading of the column is out of sight, so the cell names it.
  const name = html`<span class="column-name" aria-hidden="true">${context.words[column]} ${half?.runner ? runnerName(half.runner) : null}</span>`;
  return html`<td role="cell">${name}${content}</td>`;
}

/** A sandbox's value, which leads to its evidence itself: there is no verdict that would. */
function sandboxValue(cell: Cell, { result, view, anchors, words }: PageContext): Markup {
  const { name, value, support } = shownCell(cell, 'value', { view, level: result.level, words });
  const ended = view.endedBy(cell);
  const told = ended === null ? support : `${support}, ${words.endedBy(ended)}`;
  return html`<p class="value"><a class="figure" href="#${anchors.of(cell)}">${value}</a> <span class="metric">${name}</span></p>
<p class="support">${told}</p>`;
}

/** What the run's sandboxes have to say to a row of the source's, which does not speak of them. */
function sandboxCell({ sandboxes, shows }: TableRow, context: PageContext): Markup {
  const { view, words } = context;
  const content = [...Map.groupBy(sandboxes, ({ runner }) => runner)].map(([runner, entries]) => {
    const cells = entries.map(({ cell }) => cell);
    return [
      view.sandboxes.length > 1 ? html`<p class="support">${runnerName(runner)}</p>` : null,
      shows === 'ratio' ? values(cells, shows, context) : cells.map((cell) => sandboxValue(cell, context)),
    ];
  });
  const name = html`<span class="column-name" aria-hidden="true">${words.sandbox} ${view.sandboxes.map(runnerName)}</span>`;
  const nothing = html`<p class="support">${words.notMeasured}</p>`;
  return html`<td role="cell">${name}${content.length === 0 ? nothing : content}</td>`;
}

/** The cells of a row of the source's, one for each column. */
function claimCells(row: TableRow, context: PageContext): readonly Markup[] {
  return context.view.places.map((place) =>
    place === 'sandbox' ? sandboxCell(row, context) : halfCell(row.halves[place], row.shows, place, context),
  );
}

interface Other {
  readonly runner: RunnerView;
  readonly column: Column | null;
  readonly content: Content;
}

/** One row a cell; where the row shows ratios, one a runner. */
function othersOf(row: TableRow, context: PageContext): readonly Other[] {
  const { result, view, anchors, words } = context;
  const showing = { view, level: result.level, words };
  if (row.shows === 'ratio') {
    return [...Map.groupBy(row.others, ({ runner }) => runner)].map(([runner, group]) => {
      const items = group.map(({ cell }) => {
        const { name, value } = shownCell(cell, row.shows, showing);
        return html`<a class="figure" href="#${anchors.of(cell)}">${value}</a> <span class="quiet">${name}</span>`;
      });
      return { runner, column: group[0]?.column ?? null, content: joined(items, html`, `) };
    });
  }
  return row.others.map(({ cell, runner, column }) => {
    const ended = view.endedBy(cell);
    const notes = [
      ended === null ? null : html` <span class="support">${words.endedBy(ended)}</span>`,
      cell.status === 'not-comparable' ? html` <span class="remark">${words.notComparable}</span>` : null,
    ];
    return { runner, column, content: [estimate(cell, context), notes] };
  });
}

function otherRows(row: TableRow, context: PageContext): readonly Markup[] {
  return othersOf(row, context).map(({ runner, column, content }) => {
    const { places } = context.view;
    const cells =
      column === null
        ? html`<td role="cell" colspan="${places.length}">${content}</td>`
        : places.map((place) =>
            place === column ? html`<td role="cell">${content}</td>` : html`<td role="cell" class="empty"></td>`,
          );
    return html`<tr role="row" class="other"><th role="rowheader" scope="row">${runnerName(runner)}</th>${cells}</tr>\n`;
  });
}

const OTHER: Readonly<Record<Lang, Lang>> = { en: 'zh', zh: 'en' };

/** The page's own language last, since the source's comes first. */
function columnHeading(place: Place, { result, view, words, lang }: PageContext): Markup {
  const id = place === 'sandbox' ? null : result.columns[place];
  const standing = place === 'sandbox' ? view.sandboxes : id === null ? [] : [view.runner(id)];
  const runners =
    standing.length === 0
      ? html`<span class="quiet">${words.noRunner}</span>`
      : joined(standing.map(runnerName), html` `);
  return html`<th role="columnheader" scope="col"><span lang="${OTHER[lang]}">${WORDS[OTHER[lang]][place]}</span> ${words[place]}<br>${runners}</th>`;
}

export function sourceTable(context: PageContext): Part {
  const { view, t, words, lang } = context;
  const other = OTHER[lang];
  const rows = view.table.map(
    (
      row,
    ) => html`<tr role="row" class="claim"><th role="rowheader" scope="row"><span class="feature" lang="${other}">${row.feature[other]}</span> <span class="feature">${row.feature[lang]}</span></th>
${joined(
  claimCells(row, context),
  html`
`,
)}</tr>
${otherRows(row, context)}`,
  );
  const caption = t(
    'In quotation marks the source’s own cells; below them what this run measured, with a verdict for each half that leads to its evidence. Indented: other runners, by the same quantity.',
    '引号内是原文表格的内容；其下是本次运行的实测值，每半行各有结论，并链接到依据。缩进的各行是其他运行器的同一指标。',
  );
  const unspoken = t(
    'The source does not speak of sandboxes: nothing is judged of them.',
    '原文没有提到沙箱：对其不作结论。',
  );
  const body = html`<table class="claims" role="table">
<caption>${caption}${view.sandboxes.length === 0 ? null : html` ${unspoken}`}</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col"><span lang="${other}">${WORDS[other].feature}</span> ${words.feature}</th>${view.places.map((place) => columnHeading(place, context))}</tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table>`;
  return { id: 'table', heading: t('The source’s table, measured', '实测的原文表格'), body, charts: [] };
}

import type { Cell } from '../../bench/model/result.ts';
import { intervalText, medianText } from '../phrases.ts';
import { escapeHtml } from '../text.ts';
import { experimentIn, titleIn } from '../titles.ts';
import { formatInterval, formatLevel, formatShare, formatValue } from '../units.ts';
import type { Entry, RunnerView } from '../view-model.ts';
import { type ChartSpec, chartText } from './charts.ts';
import type { PageContext, Tongue } from './context.ts';
import { type Content, html, joined, type Markup, trusted } from './markup.ts';

/** Pieces that several parts of the page use. */

/** A runner's name with the mark of what kind of box it is. */
export function runnerName(runner: RunnerView): Markup {
  return html`<span class="runner tone-${runner.tone}"><span class="swatch" aria-hidden="true"></span>${runner.label}</span>`;
}

export interface Column {
  readonly heading: Content;
  readonly numeric?: boolean;
}

/** A table that scrolls sideways on its own where the page is narrow. The first cell of a row is its heading. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly { readonly id?: string; readonly cells: readonly Content[] }[],
): Markup {
  const classOf = (index: number) => (columns[index]?.numeric === true ? 'number' : 'text');
  const head = columns.map((column, index) => html`<th scope="col" class="${classOf(index)}">${column.heading}</th>`);
  const body = rows.map(({ id, cells }) => {
    const [first = null, ...rest] = cells;
    const others = rest.map((cell, index) => html`<td class="${classOf(index + 1)}">${cell}</td>`);
    const start = id === undefined ? html`<tr>` : html`<tr id="${id}">`;
    return html`${start}<th scope="row">${first}</th>${others}</tr>\n`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table class="${columns.length < 3 ? 'data compact' : 'data'}"><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

/** What is there for those who ask. */
export function disclosure(heading: Content, body: Content): Markup {
  return html`<details><summary>${heading}</summary>
${body}</details>
`;
}

/** A place for a chart, with its text. The script draws it; without one the tables have the same numbers. */
export function figure(chart: ChartSpec, caption: Content, tongue: Tongue): Markup {
  const text = trusted(escapeHtml(chartText(chart, tongue)));
  return html`<figure class="chart">
<figcaption>${caption}</figcaption>
<div class="canvas"><canvas id="${chart.id}" role="img" aria-label="${text}"></canvas></div>
</figure>
`;
}

/** A median with its interval below it, for a table. */
export function estimate(cell: Cell | undefined, { result, anchors, words }: PageContext): Content {
  if (!cell) return html`<span class="none">–</span>`;
  const interval = intervalText(cell, result.level, words);
  const failed = cell.failures > 0 && cell.median !== null ? words.failed(cell.failures) : null;
  const below = [interval, words.n(cell.n), failed].filter((part) => part !== null).join(', ');
  const bad = cell.median === null ? 'figure bad' : 'figure';
  return html`<a class="${bad}" href="#${anchors.of(cell)}">${medianText(cell, words)}</a><span class="below">${below}</span>`;
}

/** Which columns a table of evidence has: those that tell its rows apart, or of which any row has something. */
interface EvidenceShape {
  readonly runners: boolean;
  readonly tails: boolean;
}

function evidenceColumns(shape: EvidenceShape, { t }: Tongue): readonly Column[] {
  const numbers = [
    ...['n', t('failed', '失败'), t('median', '中位数'), t('interval', '区间'), t('level', '水平')],
    t('least to most', '最小到最大'),
    ...(shape.tails ? [t('tail', '尾部')] : []),
    t('scatter of operations, of starts', '操作间、启动间的离散'),
  ];
  return [
    ...(shape.runners ? [{ heading: t('runner', '运行器') }] : []),
    { heading: t('end point or quantity', '终点或指标') },
    ...numbers.map((heading) => ({ heading, numeric: true })),
    { heading: t('remarks', '备注') },
  ];
}

const STATUS_IN_CHINESE: Readonly<Record<string, string>> = {
  emulated: '仿真',
  'not-comparable': '不可比较',
  'no-data': '没有数值',
};

/** `p95 812 ms (800–840 ms)`, or from how many blocks on there is one. */
function tailsText({ tails, unit }: Cell, { t }: Tongue): Content {
  const shown = tails.flatMap(({ p, value, ci }) => {
    if (!ci) return [];
    const name = `p${Number((100 * p).toFixed(0))}`;
    return [`${name} ${value === null ? '∞' : formatValue(value, unit)} (${formatInterval(ci, unit)})`];
  });
  const fewest = Math.min(...tails.map(({ needsBlocks }) => needsBlocks));
  if (shown.length > 0) return joined(shown, html`<br>`);
  return html`<span class="quiet">${t(`from ${fewest} blocks on`, `${fewest} 个区组起才有`)}</span>`;
}

/** `0.8%, 2.1%`: standard deviations between operations and between starts. */
function scatterText({ scatter }: Cell): Content {
  if (!scatter) return null;
  return [scatter.operation, scatter.restart].map((share) => (share === null ? '–' : formatShare(share))).join(', ');
}

function evidenceRow({ runner, cell }: Entry, shape: EvidenceShape, context: PageContext) {
  const { anchors, lang, t } = context;
  const spread =
    cell.min === null || cell.max === null ? null : formatInterval({ lo: cell.min, hi: cell.max }, cell.unit);
  const named = t(cell.status.replaceAll('-', ' '), STATUS_IN_CHINESE[cell.status] ?? cell.status);
  const status = cell.status === 'assessable' ? [] : [named];
  const cells: readonly Content[] = [
    ...(shape.runners ? [runnerName(runner)] : []),
    html`<b>${cell.metric}</b> <span class="quiet">${titleIn(lang, cell.title)}</span>`,
    cell.n,
    cell.failures,
    cell.median === null ? null : formatValue(cell.median, cell.unit),
    cell.ci && formatInterval(cell.ci, cell.unit),
    cell.ci && formatLevel(cell.ci.level),
    spread,
    ...(shape.tails ? [tailsText(cell, context)] : []),
    scatterText(cell),
    joined([...status, ...cell.warnings.map((warning) => warning[lang])], html`<br>`),
  ];
  return { id: anchors.of(cell), cells };
}

/** The rows that evidence links lead to, one table an experiment and workload. Every cell stands in one of them, once. */
export function evidenceTables(entries: readonly Entry[], caption: string, context: PageContext): readonly Markup[] {
  const { t, lang } = context;
  const groups = Map.groupBy(entries, ({ cell: { experiment, workload } }) =>
    t(`${experiment}, workload ${workload}`, `${experimentIn(lang, experiment)}，工作负载 ${workload}`),
  );
  return [...groups].map(([name, group]) => {
    const shape = {
      runners: new Set(group.map(({ runner }) => runner.id)).size > 1,
      tails: group.some(({ cell }) => cell.tails.some(({ ci }) => ci !== null)),
    };
    return dataTable(
      t(`${caption}: ${name}`, `${caption}：${name}`),
      evidenceColumns(shape, context),
      group.map((entry) => evidenceRow(entry, shape, context)),
    );
  });
}

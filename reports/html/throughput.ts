import type { Cell } from '../../bench/model/result.ts';
import { ratioIntervalText, ratioText, ratioVerdictText } from '../phrases.ts';
import { titleIn } from '../titles.ts';
import { formatShare } from '../units.ts';
import type { Entry, RatioEntry, RunnerView } from '../view-model.ts';
import { barChart, forestChart, ratioAxis, type RowChart } from './charts.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { type Content, html, type Markup } from './markup.ts';
import { dataTable, estimate, figure, runnerName } from './pieces.ts';

/** Work per second: every program against native, and its values as they are. */

interface Program {
  readonly cell: Cell;
  readonly entries: readonly Entry[];
}

/** Cells by workload and metric, primary ones first. */
function programsOf(entries: readonly Entry[]): readonly Program[] {
  const groups = Map.groupBy(entries, ({ cell }) => JSON.stringify([cell.workload, cell.metric]));
  const programs = [...groups.values()].map((group) => {
    const [{ cell }] = group as [Entry, ...Entry[]];
    return { cell, entries: group };
  });
  return programs.toSorted((a, b) => Number(b.cell.primary) - Number(a.cell.primary));
}

function better(cell: Cell, { t }: Tongue): string {
  return cell.better === 'higher' ? t('more is better', '越大越好') : t('less is better', '越小越好');
}

/** A forest of one program's ratios, or bars of its values where nothing was compared. */
function chartOf(
  { cell, entries }: Program,
  id: string,
  compared: readonly RatioEntry[],
  context: PageContext,
): RowChart {
  const { result, events, marked, t, lang } = context;
  const ratios = compared.filter((entry) => entry.cell.workload === cell.workload && entry.cell.metric === cell.metric);
  const name = `${cell.workload} ${cell.metric}`;
  if (ratios.length > 0) {
    const axis = ratioAxis(compared, result.delta);
    const title = t(`${name}, ratio to native`, `${name}，与原生之比`);
    return forestChart({ id, title, ratios, result, tongue: context, axis });
  }
  const title = `${name}: ${titleIn(lang, cell.title)}`;
  return barChart({ id, title, entries, events, marked, level: result.level, tongue: context });
}

function caption({ cell }: Program, { kind }: RowChart, tongue: Tongue): Markup {
  const unusual = kind === 'bars' || cell.better === 'lower';
  const note = unusual ? html` <span class="quiet">(${better(cell, tongue)})</span>` : null;
  return html`<b>${cell.workload} ${cell.metric}</b> ${titleIn(tongue.lang, cell.title)}${note}`;
}

/** Programs down, runners across. */
function valuesTable(programs: readonly Program[], entries: readonly Entry[], context: PageContext): Markup {
  const runners = [...new Map(entries.map(({ runner }): [string, RunnerView] => [runner.id, runner])).values()];
  const columns = [
    { heading: context.t('program', '程序') },
    ...runners.map((runner) => ({ heading: runnerName(runner), numeric: true })),
  ];
  const rows = programs.map(({ cell, entries: own }) => {
    const name = html`${cell.workload} <b>${cell.metric}</b><span class="below">${titleIn(context.lang, cell.title)}; ${better(cell, context)}</span>`;
    const values = runners.map(({ id }) => estimate(own.find(({ runner }) => runner.id === id)?.cell, context));
    return { cells: [name, ...values] };
  });
  const name = context.t('Throughput: medians and intervals', '吞吐量：中位数与区间');
  return dataTable(name, columns, rows);
}

function againstColumns({ t }: Tongue) {
  return [
    ...[{ heading: t('runner', '运行器') }, { heading: t('program', '程序') }],
    ...[t('ratio', '比值'), t('interval', '区间'), t('blocks', '区组')].map((heading) => ({ heading, numeric: true })),
    { heading: t('verdict', '结论') },
  ];
}

/** VMs against the container, block by block. */
function againstContainer(entries: readonly Entry[], context: PageContext): Content {
  const { result, view, anchors, words, t } = context;
  const rows = entries.flatMap(({ runner, cell }) => {
    const ratio = cell.ratioToContainer;
    if (!ratio) return [];
    const name = html`<a href="#${anchors.of(cell)}">${cell.workload} ${cell.metric}</a>`;
    const shown = [ratioText(ratio, words), ratioIntervalText(ratio, words), ratio.n];
    return [{ cells: [runnerName(runner), name, ...shown, ratioVerdictText(ratio, result.delta, words)] }];
  });
  const { container } = result.columns;
  if (rows.length === 0 || container === null) return null;
  const name = view.runner(container).label;
  const heading = t(`VMs against ${name}`, `虚拟机与 ${name} 之比`);
  return html`<h3>${heading}</h3><p>${t(`The same, by ${name}’s value in the same block.`, `同上，除以同一区组中 ${name} 的数值。`)}</p>
${dataTable(heading, againstColumns(context), rows)}`;
}

export function throughputSection(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const { result, view, t } = context;
  const programs = programsOf(entries);
  const compared = view.ratios.filter(({ cell }) => cell.experiment === 'throughput' && cell.primary);
  const drawn = programs
    .filter(({ cell }) => cell.primary)
    .map((program, index) => {
      return { program, chart: chartOf(program, `chart-throughput-${index + 1}`, compared, context) };
    });
  const margin = formatShare(result.delta);
  const note = t(
    html` In the charts the diamond is the runner’s value by native’s, block by block, the line its interval: right of 1 it did more. All of them share one scale, with a band of ±${margin} around 1.`,
    html`图中菱形为逐区组求得的运行器与原生之比，横线为其区间：在 1 的右侧即做得更多。各图共用一个刻度，1 的两侧标出 ±${margin} 的带。`,
  );
  const explained = t(
    html`Work per second by each program’s own counter; where its client ran stands in its name: inside the instance, or over the bridge from outside.`,
    html`每秒完成的工作量，取自各程序自己的计数；名称中写明客户端在何处运行：在实例内，或从外部经网桥。`,
  );
  const body = html`<p>${explained}${compared.length > 0 ? note : null}</p>
<div class="small-charts">${drawn.map(({ program, chart }) => figure(chart, caption(program, chart, context), context))}</div>
<h3>${t('Values', '数值')}</h3>
${valuesTable(programs, entries, context)}
${againstContainer(entries, context)}`;
  return { body, charts: drawn.map(({ chart }) => chart) };
}

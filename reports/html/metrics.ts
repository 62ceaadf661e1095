import type { Cell } from '../../bench/model/result.ts';
import { titleIn } from '../titles.ts';
import type { Entry } from '../view-model.ts';
import { slug } from './anchors.ts';
import { barChart, type ChartSpec, dotChart } from './charts.ts';
import type { PageContext } from './context.ts';
import { type Content, html, type Markup } from './markup.ts';
import { dataTable, estimate, figure, runnerName } from './pieces.ts';

/** Charts and tables of an experiment's metrics. */

/** The first cell of every wanted metric: those of `order` first, the rest as they come. */
export function metricsOf(
  entries: readonly Entry[],
  wanted: (metric: string) => boolean,
  order: readonly string[],
): readonly Cell[] {
  const firsts = [...Map.groupBy(entries, ({ cell }) => cell.metric).values()].flatMap(([first]) =>
    first ? [first.cell] : [],
  );
  const rank = (metric: string) => (order.includes(metric) ? order.indexOf(metric) : order.length);
  return firsts.filter(({ metric }) => wanted(metric)).toSorted((a, b) => rank(a.metric) - rank(b.metric));
}

/** Runners down, metrics across. */
export function matrix(
  caption: string,
  entries: readonly Entry[],
  metrics: readonly Cell[],
  context: PageContext,
): Content {
  const shown = entries.filter(({ cell }) => metrics.some(({ metric }) => metric === cell.metric));
  if (shown.length === 0) return null;
  const { t, lang } = context;
  const workloads = new Set(shown.map(({ cell }) => cell.workload));
  const rows = Map.groupBy(shown, ({ runner, cell }) => JSON.stringify([runner.id, cell.workload]));
  const columns = [
    { heading: t('runner', '运行器') },
    ...metrics.map((metric) => ({
      heading: html`${metric.metric}<span class="below">${titleIn(lang, metric.title)}</span>`,
      numeric: true,
    })),
  ];
  const body = [...rows.values()].map((group) => {
    const [{ runner, cell }] = group as [Entry, ...Entry[]];
    const name: Content = workloads.size > 1 ? html`${runnerName(runner)} ${cell.workload}` : runnerName(runner);
    const values = metrics.map(({ metric }) =>
      estimate(group.find((entry) => entry.cell.metric === metric)?.cell, context),
    );
    return { cells: [name, ...values] };
  });
  return dataTable(caption, columns, body);
}

export interface Drawn {
  readonly figures: readonly Markup[];
  readonly charts: readonly ChartSpec[];
}

/** One chart a metric: dots for times, bars for all else. */
export function draw(id: string, entries: readonly Entry[], metrics: readonly Cell[], context: PageContext): Drawn {
  const { events, marked, result, lang } = context;
  const charts = metrics.map(({ metric, title: english, unit }) => {
    const title = titleIn(lang, english);
    const own = entries.filter(({ cell }) => cell.metric === metric);
    const source = {
      id: `${id}-${slug(metric)}`,
      title: `${metric}: ${title}`,
      entries: own,
      events,
      marked,
      level: result.level,
      tongue: context,
    };
    return { metric, title, chart: unit === 'ns' ? dotChart(source) : barChart(source) };
  });
  return {
    figures: charts.map(({ metric, title, chart }) => figure(chart, html`<b>${metric}</b> ${title}`, context)),
    charts: charts.map(({ chart }) => chart),
  };
}

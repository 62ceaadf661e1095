import type { Cell } from '../../bench/model/result.ts';
import type { Entry, RunnerView } from '../view-model.ts';
import { slug } from './anchors.ts';
import { barChart, type ChartSpec, dotChart } from './charts.ts';
import type { PageContext, Part } from './context.ts';
import { type Content, html, type Markup } from './markup.ts';
import { dataTable, estimate, figure, runnerName } from './pieces.ts';

/** The parts that show an experiment's values: known metrics in their order, unknown ones after them. */

const START = ['api', 'kernel', 'init', 'exec', 'ready'];
const CHANNEL = 'channel';
/** Charts that repeat `ready` at other points, small, and in this order. */
const SMALL_CHARTS = ['api', 'exec', 'stop', 'kill'];
const MAIN = 'ready';

function metricsOf(
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
  const workloads = new Set(shown.map(({ cell }) => cell.workload));
  const rows = Map.groupBy(shown, ({ runner, cell }) => JSON.stringify([runner.id, cell.workload]));
  const columns = [
    { heading: 'runner' },
    ...metrics.map((metric) => ({
      heading: html`${metric.metric}<span class="below">${metric.title}</span>`,
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

const MARKED = html` A triangle comes from a block in which a <a href="#guards">guard</a> tripped.`;

interface Drawn {
  readonly figures: readonly Markup[];
  readonly charts: readonly ChartSpec[];
}

function draw(id: string, entries: readonly Entry[], metrics: readonly Cell[], context: PageContext): Drawn {
  const { events, marked, result } = context;
  const charts = metrics.map(({ metric, title, unit }) => {
    const own = entries.filter(({ cell }) => cell.metric === metric);
    const source = {
      id: `${id}-${slug(metric)}`,
      title: `${metric}: ${title}`,
      entries: own,
      events,
      marked,
      level: result.level,
    };
    return { metric, title, chart: unit === 'ns' ? dotChart(source) : barChart(source) };
  });
  return {
    figures: charts.map(({ metric, title, chart }) => figure(chart, html`<b>${metric}</b> ${title}`)),
    charts: charts.map(({ chart }) => chart),
  };
}

function startup(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const main = draw(
    'chart-startup',
    entries,
    metricsOf(entries, (metric) => metric === MAIN, []),
    context,
  );
  const small = metricsOf(entries, (metric) => SMALL_CHARTS.includes(metric), SMALL_CHARTS);
  const others = draw('chart-startup', entries, small, context);
  const start = metricsOf(entries, (metric) => START.includes(metric), START);
  const rest = metricsOf(entries, (metric) => !START.includes(metric) && metric !== CHANNEL, ['cpu', 'stop', 'kill']);
  const channel = metricsOf(entries, (metric) => metric === CHANNEL, []);
  const body = html`<p>Time from right before an instance’s first launch command to a named point, on the host’s monotonic clock. No axis and no comparison joins two points. Every dot is one measured instance, from top to bottom in the order of blocks; the upright line is the median, the bar its interval. Scales are logarithmic.${context.marked.size > 0 ? MARKED : null}</p>
${main.figures}
<div class="small-charts">${others.figures}</div>
<h3>Phases</h3>
<p>Medians since the launch, each with its interval; the difference of two medians is not the median of the difference. A point that a runner cannot observe is missing (–).</p>
${matrix('Startup: from the launch to the answer', entries, start, context)}
${rest.length > 0 ? html`<h3>CPU time, ending and the rest</h3>` : null}
${matrix('Startup: other quantities', entries, rest, context)}
${channel.length > 0 ? html`<h3>Mark channel</h3><p>How long an announcement and its answer take: no start is known more exactly than this.</p>` : null}
${matrix('Startup: round trip of the mark channel', entries, channel, context)}`;
  return { body, charts: [...main.charts, ...others.charts] };
}

const PROVENANCE =
  'Allocated bytes (decimal units) of named paths, after sync inside and outside; what is shared counts once.';

function generic(id: string, entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const metrics = metricsOf(entries, () => true, []);
  const drawn = draw(`chart-${slug(id)}`, entries, metrics, context);
  const body = html`${id === 'disk' ? html`<p>${PROVENANCE}</p>` : null}<div class="small-charts">${drawn.figures}</div>
${matrix(`${id}: medians and intervals`, entries, metrics, context)}`;
  return { body, charts: drawn.charts };
}

/** A part for each experiment that has values outside of emulation. */
export function experimentParts(context: PageContext): readonly Part[] {
  const groups = Map.groupBy(context.view.ordinary, ({ cell }) => cell.experiment);
  return [...groups].map(([id, entries]) => {
    const made = id === 'startup' ? startup(entries, context) : generic(id, entries, context);
    return { id: `experiment-${slug(id)}`, heading: `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`, ...made };
  });
}

/** Emulated values of one runner: a chart of `ready` without others beside it. */
export function emulatedChart(runner: RunnerView, cells: readonly Cell[], id: string, context: PageContext): Drawn {
  const entries = cells.filter(({ n }) => n > 0).map((cell) => ({ runner, cell }));
  return draw(
    id,
    entries,
    metricsOf(entries, (metric) => metric === MAIN, []),
    context,
  );
}

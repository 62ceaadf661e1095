import type { Cell } from '../../bench/model/result.ts';
import { experimentIn } from '../titles.ts';
import type { Entry, RunnerView } from '../view-model.ts';
import { slug } from './anchors.ts';
import type { PageContext, Part } from './context.ts';
import { calibrationSection } from './calibration.ts';
import { densitySection } from './density.ts';
import { diskSection } from './disk.ts';
import { html } from './markup.ts';
import { draw, type Drawn, matrix, metricsOf } from './metrics.ts';
import { timeline } from './phases.ts';
import { figure } from './pieces.ts';
import { samplesTables } from './samples.ts';
import { distributionChart } from './shares.ts';
import { throughputSection } from './throughput.ts';

/** The parts that show an experiment's values: known metrics in their order, unknown ones after them. */

const START = ['api', 'kernel', 'init', 'exec', 'ready', 'reachable'];
const CHANNEL = 'channel';
/** Charts that repeat `ready` at other points, small, and in this order. */
const SMALL_CHARTS = ['api', 'exec', 'stop', 'kill'];
const MAIN = 'ready';

function startup(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const id = `chart-${slug(entries[0]?.cell.experiment ?? '')}`;
  const main = draw(
    id,
    entries,
    metricsOf(entries, (metric) => metric === MAIN, []),
    context,
  );
  const small = metricsOf(entries, (metric) => SMALL_CHARTS.includes(metric), SMALL_CHARTS);
  const others = draw(id, entries, small, context);
  const start = metricsOf(entries, (metric) => START.includes(metric), START);
  const rest = metricsOf(entries, (metric) => !START.includes(metric) && metric !== CHANNEL, ['cpu', 'stop', 'kill']);
  const channel = metricsOf(entries, (metric) => metric === CHANNEL, []);
  const { t, lang } = context;
  const name = experimentIn(lang, entries[0]?.cell.experiment ?? '');
  const marked = t(
    html` A triangle comes from a block in which a <a href="#guards">guard</a> tripped.`,
    html`三角形来自有<a href="#guards">监视项</a>触发的区组。`,
  );
  const explained = t(
    html`Time from right before an instance’s first launch command to a named point, on the host’s monotonic clock. No axis and no comparison joins two points. Every dot is one measured instance, from top to bottom in the order of blocks; the upright line is the median, the bar its interval. Scales are logarithmic.`,
    html`从某个实例的第一条启动命令之前，到一个有名称的终点，按主机的单调时钟计时。坐标轴和比较都不会混用两个终点。每个点是一个被测实例，自上而下按区组次序排列；竖线为中位数，横条为其区间。刻度为对数。`,
  );
  const mains = entries.filter(({ cell }) => cell.metric === MAIN && cell.n > 0);
  const shares = distributionChart(
    {
      ...{ id: `${id}-shares`, entries: mains },
      title: t('share of starts that were ready by then', '到某一时刻已就绪的启动所占的份额'),
    },
    context,
  );
  const line = timeline(
    {
      ...{ id: `${id}-timeline`, entries, tongue: context },
      title: t('the named points of a start, each at its median', '一次启动的各个终点，各在其中位数处'),
    },
    START,
  );
  const phases = t(
    html`<h3>Phases</h3>
<p>Medians since the launch, each with its interval; the difference of two medians is not the median of the difference. A point that a runner cannot observe is missing (–).</p>`,
    html`<h3>阶段</h3>
<p>自启动起的中位数，各附区间；两个中位数之差并不是差的中位数。运行器观察不到的终点留空（–）。</p>`,
  );
  const roundTrip = t(
    html`<h3>Mark channel</h3><p>How long an announcement and its answer take: no start is known more exactly than this.</p>`,
    html`<h3>标记通道</h3><p>一次报告及其应答所需的时间：任何启动时间都不会比这更精确。</p>`,
  );
  const body = html`<p>${explained}${context.marked.any ? marked : null}</p>
${main.figures}
<div class="small-charts">${others.figures}</div>
${mains.length > 0 ? figure(shares, t(html`<b>ready</b> as a distribution`, html`<b>ready</b> 的分布`), context) : null}
${phases}
${line.rows.length > 0 ? figure(line, t('from the launch to the answer', '从发出命令到应答'), context) : null}
${matrix(t(`${name}: from the launch to the answer`, `${name}：从发出命令到应答`), entries, start, context)}
${rest.length > 0 ? html`<h3>${t('CPU time, ending and the rest', 'CPU 时间、结束及其他')}</h3>` : null}
${matrix(t(`${name}: other quantities`, `${name}：其他指标`), entries, rest, context)}
${channel.length > 0 ? roundTrip : null}
${matrix(t(`${name}: round trip of the mark channel`, `${name}：标记通道的往返时间`), entries, channel, context)}`;
  const charts = [
    ...main.charts,
    ...others.charts,
    ...(mains.length > 0 ? [shares] : []),
    ...(line.rows.length > 0 ? [line] : []),
  ];
  return { body, charts };
}

function generic(id: string, entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const metrics = metricsOf(entries, () => true, []);
  const drawn = draw(`chart-${slug(id)}`, entries, metrics, context);
  const { t } = context;
  const name = experimentIn(context.lang, id);
  const body = html`<div class="small-charts">${drawn.figures}</div>
${matrix(t(`${name}: medians and intervals`, `${name}：中位数与区间`), entries, metrics, context)}`;
  return { body, charts: drawn.charts };
}

type Section = (entries: readonly Entry[], context: PageContext) => Omit<Part, 'id' | 'heading'>;

const KNOWN: ReadonlyMap<string, Section> = new Map<string, Section>([
  ['startup', startup],
  ['cold', startup],
  ['disk', diskSection],
  ['throughput', throughputSection],
  ['density', densitySection],
  ['aa', calibrationSection],
  ['inject', calibrationSection],
]);

/** A part for each experiment that has values outside of emulation. */
export function experimentParts(context: PageContext): readonly Part[] {
  const groups = Map.groupBy(context.view.ordinary, ({ cell }) => cell.experiment);
  return [...groups].map(([id, entries]) => {
    const { body, charts } = KNOWN.get(id)?.(entries, context) ?? generic(id, entries, context);
    return {
      ...{ id: `experiment-${slug(id)}`, heading: experimentIn(context.lang, id), charts },
      body: html`${body}
${samplesTables(entries, context)}`,
    };
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

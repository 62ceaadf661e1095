import type { RampStep } from '../../bench/model/journal.ts';
import { lastStep } from '../ramps.ts';
import { readingIn } from '../readings.ts';
import { ruleIn, titleIn } from '../titles.ts';
import { formatInterval, formatValue } from '../units.ts';
import type { Entry } from '../view-model.ts';
import { slug } from './anchors.ts';
import type { CurveChart } from './curves.ts';
import { curveChart, type RampOf, rampsOf } from './curves.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { html, type Markup } from './markup.ts';
import { matrix, metricsOf } from './metrics.ts';
import { type Column, dataTable, disclosure, figure, runnerName } from './pieces.ts';

/** How many instances a host carries: what was reached apart from what is only projected, and how every ramp went. */

const PROJECTED = 'projected-';

/** The curves of one arm: memory, and time to ready. */
function curvesOf(
  arm: string,
  ramps: readonly RampOf[],
  tongue: Tongue,
): readonly { chart: CurveChart; caption: Markup }[] {
  const { t } = tongue;
  const id = `chart-density-${slug(arm)}`;
  const named = titleIn(tongue.lang, arm);
  return [
    {
      chart: curveChart({
        ...{ id: `${id}-memory`, title: t(`${arm}: memory of the host in use`, `${named}：占用的主机内存`) },
        ...{ unit: 'bytes', ramps, tongue, valueOf: ({ usedBytes }) => usedBytes },
      }),
      caption: t(
        html`<b>${arm}</b> memory of the host that the instances take`,
        html`<b>${named}</b> 实例占用的主机内存`,
      ),
    },
    {
      chart: curveChart({
        ...{
          id: `${id}-start`,
          title: t(`${arm}: time to ready, median of each step`, `${named}：就绪所需时间，每阶段的中位数`),
        },
        ...{ unit: 'ns', ramps, tongue, valueOf: ({ startNs }) => startNs },
      }),
      caption: t(
        html`<b>${arm}</b> time until a further instance was ready, median of each step`,
        html`<b>${named}</b> 再启动一个实例到就绪的时间，每阶段的中位数`,
      ),
    },
  ].filter(({ chart }) => chart.lines.some(({ points }) => points.length > 1));
}

function numeric(headings: readonly string[]): readonly Column[] {
  return headings.map((heading) => ({ heading, numeric: true }));
}

/** Whose ramp, and which. */
function whose({ t }: Tongue): readonly Column[] {
  const texts = [{ heading: t('runner', '运行器') }, { heading: t('arm', '状态') }];
  return [...texts, ...numeric([t('ramp', '次序')])];
}

interface Ending {
  readonly runner: RampOf['runner'];
  readonly arm: string;
  readonly counts: readonly number[];
  readonly stop: RampStep['stop'];
  readonly usedBytes: number;
}

function endingOf({ runner, ramp }: RampOf): readonly Ending[] {
  const last = lastStep(ramp);
  if (!last) return [];
  const { launched, ready, alive, stop, usedBytes } = last;
  return [{ runner, arm: ramp.arm, counts: [launched, ready, alive], stop, usedBytes }];
}

/** How the ramps ended; those of one runner that ended alike are one line. */
export function endsTable(caption: string, ramps: readonly RampOf[], tongue: Tongue): Markup | null {
  const { t, lang } = tongue;
  const groups = Map.groupBy(ramps.flatMap(endingOf), ({ runner, arm, counts, stop }) =>
    JSON.stringify([runner.id, arm, counts, stop]),
  );
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { runner, arm, counts, stop } = first;
    const end = stop
      ? html`<b>${ruleIn(lang, stop.rule)}</b> <span class="quiet">${readingIn(lang, stop.message)}</span>`
      : html`<span class="bad">${t('cut off', '被中断')}</span>`;
    const used = group.map(({ usedBytes }) => usedBytes);
    const taken =
      group.length === 1
        ? formatValue(first.usedBytes, 'bytes')
        : formatInterval({ lo: Math.min(...used), hi: Math.max(...used) }, 'bytes');
    return [{ cells: [runnerName(runner), titleIn(lang, arm), group.length, ...counts, taken, end] }];
  });
  const counts = [t('started', '已启动'), t('ready', '已就绪'), t('alive at the end', '结束时应答')];
  const columns = [
    ...[{ heading: t('runner', '运行器') }, { heading: t('arm', '状态') }],
    ...numeric([t('ramps', '加压次数'), ...counts, t('memory taken', '占用内存')]),
    { heading: t('ended by', '终止规则') },
  ];
  return rows.length === 0 ? null : dataTable(caption, columns, rows);
}

function stepsTable(ramps: readonly RampOf[], tongue: Tongue): Markup | null {
  const { t, lang } = tongue;
  const rows = ramps.flatMap(({ runner, ramp }) =>
    ramp.steps.map((step) => ({
      cells: [
        ...[runnerName(runner), titleIn(lang, step.arm), ramp.block + 1, step.launched, step.ready, step.alive],
        ...[formatValue(step.usedBytes, 'bytes'), formatValue(step.availableBytes, 'bytes')],
        step.startNs === null ? html`<span class="none">–</span>` : formatValue(step.startNs, 'ns'),
      ],
    })),
  );
  if (rows.length === 0) return null;
  const columns = [
    ...whose(tongue),
    ...numeric([t('started', '已启动'), t('ready', '已就绪'), t('alive', '应答'), t('memory taken', '占用内存')]),
    ...numeric([t('memory left', '剩余内存'), t('time to ready', '就绪时间')]),
  ];
  const heading = t('Every step of every ramp', '每次加压的每个阶段');
  return disclosure(heading, dataTable(t('Steps of the ramps', '加压的各个阶段'), columns, rows));
}

export function densitySection(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const { result, view, t } = context;
  const shown = new Set(entries.map(({ runner }) => runner));
  const ramps = rampsOf(
    result.ramps,
    view.runners.filter((runner) => shown.has(runner)),
  );
  const drawn = [...Map.groupBy(ramps, ({ ramp }) => ramp.arm)].flatMap(([arm, group]) =>
    curvesOf(arm, group, context),
  );
  const reached = metricsOf(entries, (metric) => !metric.startsWith(PROJECTED), []);
  const projected = metricsOf(entries, (metric) => metric.startsWith(PROJECTED), []);
  const explained = t(
    html`<p>Instances are started in growing steps until a rule ends the ramp; at every step each of them must still answer. <em>Achieved</em> counts those that did so at the last step that passed every rule. A ramp that ended at its ceiling, or because its time was over, has not met a limit of the host. Both scales are logarithmic, so that boxes of very different weight stand in one picture; the higher line takes more for as many instances.</p>`,
    html`<p>实例分阶段启动，每阶段数目倍增，直到某条规则终止；每个阶段所有实例都必须仍能应答。<em>达到数</em>是最后一个满足全部规则的阶段中应答的实例数。因到预定上限或时间用完而结束的，并未遇到主机的极限。两轴均为对数刻度，使轻重悬殊的隔离方式能在同一图中比较；线越高，同样多的实例占用越多。</p>`,
  );
  const neverStarted = t(
    html`<h3>Projected</h3><p>How many instances the memory would hold by the slope of the ramp. They were never started, and decide nothing.</p>`,
    html`<h3>推算</h3><p>按加压的斜率，内存能容纳多少实例。它们从未启动，不作为判定依据。</p>`,
  );
  const body = html`${explained}
<div class="small-charts">${drawn.map(({ chart, caption }) => figure(chart, caption, context))}</div>
${endsTable(t('How each ramp ended', '每次加压如何结束'), ramps, context)}
${stepsTable(ramps, context)}
<h3>${t('Achieved', '达到')}</h3>
${matrix(t('Density: what was reached', '密度：达到的数目'), entries, reached, context)}
${projected.length > 0 ? neverStarted : null}
${matrix(t('Density: projected from the slope, not achieved', '密度：由斜率推算，并未达到'), entries, projected, context)}`;
  return { body, charts: drawn.map(({ chart }) => chart) };
}

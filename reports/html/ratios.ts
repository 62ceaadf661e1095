import { ratioIntervalText, ratioText, ratioVerdictText } from '../phrases.ts';
import { formatLevel, formatProbability, formatShare } from '../units.ts';
import type { RatioEntry } from '../view-model.ts';
import { forestChart } from './charts.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { html } from './markup.ts';
import { dataTable, disclosure, figure, runnerName } from './pieces.ts';

function columns({ t }: Tongue) {
  return [
    ...[{ heading: t('runner', '运行器') }, { heading: t('quantity', '指标') }],
    ...[t('ratio', '比值'), t('interval', '区间'), t('blocks', '区组'), t('native failed', '原生失败')].map(
      (heading) => {
        return { heading, numeric: true };
      },
    ),
    { heading: t('verdict', '结论') },
  ];
}

function ratioRow({ runner, cell, ratio }: RatioEntry, { result, anchors, words, t }: PageContext) {
  const unresolved = ratio.verdict === 'not-resolved';
  const smallest = formatProbability(ratio.smallestP);
  const least = t(
    `(${ratio.n} blocks cannot give p below ${smallest})`,
    `（${ratio.n} 个区组的 p 值不可能低于 ${smallest}）`,
  );
  const p = html` <span class="quiet">${least}</span>`;
  return {
    cells: [
      runnerName(runner),
      html`<a href="#${anchors.of(cell)}">${cell.metric}</a> <span class="quiet">${cell.experiment}, ${cell.workload}</span>`,
      ratioText(ratio, words),
      ratioIntervalText(ratio, words),
      ratio.n,
      ratio.withoutNative,
      html`${ratioVerdictText(ratio, result.delta, words)}${unresolved ? p : null}`,
    ],
  };
}

/** Primary quantities against native, block by block. */
export function ratioPart(context: PageContext): Part {
  const { view, result, words, t } = context;
  const alone = view.ratios.filter(({ cell }) => cell.experiment !== 'throughput');
  const groups = Map.groupBy(alone, ({ cell }) => JSON.stringify([cell.experiment, cell.workload, cell.metric]));
  const drawn = [...groups.values()].map((group, index) => {
    const [{ cell }] = group as [RatioEntry, ...RatioEntry[]];
    const name = view.nameOf(cell);
    const title = t(`${name}, ratio to native`, `${name}，与原生之比`);
    const chart = forestChart({ id: `chart-ratio-${index + 1}`, title, ratios: group, result, tongue: context });
    return { name, chart };
  });
  const [level, margin] = [formatLevel(result.level), formatShare(result.delta)];
  const explained = t(
    html`<p>Per block, the runner’s value by native’s in the same block; the diamond is the median of these ratios, the line its exact interval at ${level} or more. A failure counts as infinitely slow. Inside the band of ±${margin} a runner counts as equivalent; an interval across 1 is not resolved, and never “the same”.</p>`,
    html`<p>在每个区组内，用运行器的数值除以同一区组中原生的数值；菱形是这些比值的中位数，横线是水平不低于 ${level} 的精确区间。失败按无限慢计。落在 ±${margin} 的带内算等效；区间跨过 1 则未能判定，绝不说成“相同”。</p>`,
  );
  const elsewhere = t(
    html`<p>The charts of the programs’ ratios stand under <a href="#experiment-throughput">Throughput</a>.</p>`,
    html`<p>各程序比值的图见<a href="#experiment-throughput">吞吐量</a>一节。</p>`,
  );
  const tableOf = (caption: string, entries: readonly RatioEntry[]) =>
    dataTable(
      caption,
      columns(context),
      entries.map((entry) => ratioRow(entry, context)),
    );
  const [first, others] = [true, false].map((primary) => view.ratios.filter(({ cell }) => cell.primary === primary));
  const more = t('Ratios of the other quantities', '其他指标的比值');
  const body =
    view.ratios.length === 0
      ? html`<p>${words.noRatios}${t('.', '。')}</p>`
      : html`${explained}
${drawn.map(({ name, chart }) => figure(chart, t(html`<b>${name}</b> by native’s`, html`<b>${name}</b> 与原生之比`), context))}
${alone.length < view.ratios.length ? elsewhere : null}
${tableOf(t('Ratios and their verdicts', '比值及其结论'), first ?? [])}
${others === undefined || others.length === 0 ? null : disclosure(more, tableOf(more, others))}`;
  return { id: 'ratios', heading: words.ratios, body, charts: drawn.map(({ chart }) => chart) };
}

import type { CalibrationRate } from '../../bench/model/result.ts';
import { printable } from '../text.ts';
import { experimentIn } from '../titles.ts';
import { formatLevel, formatShare } from '../units.ts';
import type { Entry } from '../view-model.ts';
import type { PageContext, Part } from './context.ts';
import type { CurveChart } from './curves.ts';
import { html } from './markup.ts';
import { matrix, metricsOf } from './metrics.ts';
import { dataTable, figure, runnerName } from './pieces.ts';
import { SHARES } from './shares.ts';
import { linearAxis } from './ticks.ts';

/** Runners against themselves: what comparisons claimed, and how much had really been injected. */

function rateRow(
  { runner, workload, arm, injected, gates, gateBlocks, claimed, wrong, ci }: CalibrationRate,
  { view, t }: PageContext,
) {
  const range = `${formatShare(ci.lo ?? 0)}–${formatShare(ci.hi ?? 1)}`;
  return {
    cells: [
      runnerName(view.runner(runner)),
      workload,
      injected === null ? t('nothing', '无') : `${formatShare(injected)} (${arm}%)`,
      t(`${gates} of ${gateBlocks} blocks`, `${gates} 次，每次 ${gateBlocks} 个区组`),
      claimed,
      html`${formatShare(claimed / gates)}<span class="below">${range}</span>`,
      wrong,
    ],
  };
}

function rateTable(caption: string, rates: readonly CalibrationRate[], context: PageContext) {
  const { t } = context;
  const columns = [
    ...[t('runner', '运行器'), t('workload', '工作负载')].map((heading) => ({ heading })),
    ...[
      t('really injected', '实际注入'),
      t('comparisons', '比较'),
      t('claimed', '判为不同'),
      t('share', '份额'),
      t('wrong', '误判'),
    ].map((heading) => ({ heading, numeric: true })),
  ];
  return dataTable(
    caption,
    columns,
    rates.map((rate) => rateRow(rate, context)),
  );
}

/** The share that is found, over what was really injected. */
function powerChart(id: string, rates: readonly CalibrationRate[], { view, t }: PageContext): CurveChart {
  const groups = [...Map.groupBy(rates, ({ runner, workload }) => JSON.stringify([runner, workload])).values()];
  const lines = groups.map((group, style) => {
    const { label, tone } = view.runner(group[0]?.runner ?? '');
    const points = group.map(({ injected, claimed, gates }) => {
      const [size, share] = [formatShare(injected ?? 0), formatShare(claimed / gates)];
      const text = t(`${label}: of ${size} injected, ${share} found`, `${label}：注入 ${size}，发现 ${share}`);
      return { x: injected ?? 0, y: claimed / gates, text: printable(text) };
    });
    return { label: printable(label), tone, style, points };
  });
  const sizes = linearAxis(
    lines.flatMap(({ points }) => points.map(({ x }) => x)),
    'count',
  );
  return {
    ...{ id, kind: 'curves', lines, upright: SHARES },
    title: t('share of comparisons that found the slowdown', '发现减速的比较所占的份额'),
    axis: { ...sizes, ticks: sizes.ticks.map(({ value }) => ({ value, label: formatShare(value) })) },
    axisTitle: t('really injected, as a share of a start', '实际注入量，占一次启动的份额'),
  };
}

export function calibrationSection(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const { result, t, lang } = context;
  const id = entries[0]?.cell.experiment ?? '';
  const rates = result.calibration.filter(({ experiment }) => experiment === id);
  const injected = rates.some((rate) => rate.injected !== null);
  const charts = injected ? [powerChart(`chart-${id}`, rates, context)] : [];
  const name = experimentIn(lang, id);
  const level = formatLevel(0.95);
  const explained = injected
    ? t(
        html`<p>Every runner is compared with itself, with a known share of a start let pass between the clock’s start and the launch. <i>Found</i> are comparisons whose ${level} interval says “slower”; “faster” is wrong.</p>`,
        html`<p>每个运行器与自身比较，在计时开始与启动之间注入一次启动时间的已知份额。区间（水平 ${level}）判为“较慢”才算发现；判为“较快”即为误判。</p>`,
      )
    : t(
        html`<p>Every runner is compared with itself under two names. Whatever is claimed is wrong: at ${level} about one comparison in twenty may be.</p>`,
        html`<p>每个运行器以两个名字与自身比较。任何判定都是误判：水平为 ${level} 时，约二十次中可有一次。</p>`,
      );
  const body = html`${explained}
${charts.map((chart) => figure(chart, t('what is found', '能发现什么'), context))}
${rateTable(t(`${name}: comparisons`, `${name}：比较`), rates, context)}
${matrix(
  t(`${name}: values of the arms`, `${name}：各组的数值`),
  entries,
  metricsOf(entries, () => true, []),
  context,
)}`;
  return { body, charts };
}

import type { Entry } from '../view-model.ts';
import { printable } from '../text.ts';
import { formatShare, formatValue } from '../units.ts';
import { measuredSamples } from './charts.ts';
import type { PageContext } from './context.ts';
import type { CurveChart } from './curves.ts';
import { type Axis, spreadAxis } from './ticks.ts';

/** How many starts were done by when. */

/** From none to all. */
export const SHARES: Axis = {
  log: false,
  min: 0,
  max: 1,
  ticks: [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, label: formatShare(value) })),
};

/** The empirical distribution of one metric, a step for every value; a failure is never done, so that its curve ends below 100%. */
export function distributionChart(
  { id, title, entries }: { readonly id: string; readonly title: string; readonly entries: readonly Entry[] },
  { events, t }: PageContext,
): CurveChart {
  const seen = new Map<string, number>();
  const lines = entries.map(({ runner, cell }) => {
    const style = seen.get(runner.tone) ?? 0;
    seen.set(runner.tone, style + 1);
    const values = measuredSamples(cell, events)
      .map(({ value }) => value)
      .toSorted((a, b) => a - b);
    const all = values.length + cell.failures;
    const points = values.map((value, index) => {
      const share = (index + 1) / all;
      const text = t(
        `${runner.label}: ${formatShare(share)} within ${formatValue(value, cell.unit)}`,
        `${runner.label}：${formatValue(value, cell.unit)} 内完成 ${formatShare(share)}`,
      );
      return { x: value, y: share, text: printable(text) };
    });
    const [first] = points;
    const begin = first ? [{ ...first, y: 0 }] : [];
    const middle = points.findIndex(({ y }) => y >= 0.5);
    return {
      label: printable(runner.label),
      tone: runner.tone,
      style,
      points: [...begin, ...points],
      labelAt: middle + 1,
    };
  });
  return {
    ...{ id, kind: 'curves', title: printable(title), lines, stepped: true },
    axisTitle: t('time from the launch', '自启动起的时间'),
    axis: spreadAxis(
      lines.flatMap(({ points }) => points.map(({ x }) => x)),
      'ns',
    ),
    upright: SHARES,
  };
}

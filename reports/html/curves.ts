import type { RampSummary } from '../../bench/model/result.ts';
import type { RampStep } from '../../bench/model/journal.ts';
import { lastStep } from '../ramps.ts';
import { printable } from '../text.ts';
import { formatValue } from '../units.ts';
import type { RunnerView, Tone } from '../view-model.ts';
import type { Tongue } from './context.ts';
import { type Axis, spreadAxis } from './ticks.ts';

/** Curves over the number of instances, one for each ramp. */

export interface CurveLine {
  /** At its end or at the point `labelAt`; null where another line of the same runner bears it. */
  readonly label: string | null;
  readonly labelAt?: number;
  readonly tone: Tone;
  /** Tells runners of one tone apart: 0, 1, … among them. */
  readonly style: number;
  readonly points: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

export interface CurveChart {
  readonly id: string;
  readonly kind: 'curves';
  readonly title: string;
  readonly axis: Axis;
  readonly upright: Axis;
  readonly axisTitle: string;
  /** Steps instead of straight lines from point to point. */
  readonly stepped?: true;
  readonly lines: readonly CurveLine[];
}

export interface RampOf {
  readonly runner: RunnerView;
  readonly ramp: RampSummary;
}

interface Curves {
  readonly id: string;
  readonly title: string;
  readonly unit: 'bytes' | 'ns';
  readonly ramps: readonly RampOf[];
  /** Null: this step has no such value. */
  readonly valueOf: (step: RampStep) => number | null;
  readonly tongue: Tongue;
}

/** Steps without a value, or with one that the host's own noise swallowed, have no point on logarithmic axes. */
export function curveChart({ id, title, unit, ramps, valueOf, tongue: { t } }: Curves): CurveChart {
  const styles = stylesOf(ramps);
  const lines = ramps.map(({ runner, ramp }, index) => {
    const last = ramps.findLastIndex((other) => other.runner.id === runner.id) === index;
    return {
      label: last ? printable(runner.label) : null,
      tone: runner.tone,
      style: styles.get(runner.id) ?? 0,
      points: ramp.steps.flatMap((step) => {
        const value = valueOf(step);
        if (value === null || value <= 0 || step.ready === 0) return [];
        const [count, shown] = [ramp.block + 1, formatValue(value, unit)];
        const text = t(
          `${runner.label}, ramp ${count}, ${step.ready} instances: ${shown}`,
          `${runner.label}，第 ${count} 次，${step.ready} 个实例：${shown}`,
        );
        return [{ x: step.ready, y: value, text: printable(text) }];
      }),
    };
  });
  const points = lines.flatMap((line) => line.points);
  return {
    ...{
      id,
      kind: 'curves',
      title: printable(title),
      axisTitle: t('instances that were ready', '就绪的实例数'),
      lines,
    },
    axis: spreadAxis(
      points.map(({ x }) => x),
      'count',
    ),
    upright: spreadAxis(
      points.map(({ y }) => y),
      unit,
    ),
  };
}

/** The place of each runner among those of its tone. */
function stylesOf(ramps: readonly RampOf[]): ReadonlyMap<string, number> {
  const tones = Map.groupBy(ramps, ({ runner }) => runner.tone);
  return new Map(
    [...tones.values()].flatMap((group) =>
      [...new Set(group.map(({ runner }) => runner.id))].map((id, index): [string, number] => [id, index]),
    ),
  );
}

/** The same in words, for whoever does not see the canvas. */
export function curveText({ title, axis, lines, stepped }: CurveChart, t: Tongue['t']): string {
  const ends = lines.flatMap(({ points, labelAt }) => points.at(labelAt ?? -1)?.text ?? []);
  if (stepped) {
    return t(
      `Share of starts that were done by then. ${title}. In the middle: ${ends.join('; ')}.`,
      `到某一时刻已完成的启动所占的份额。${title}。居中处：${ends.join('；')}。`,
    );
  }
  const scales = axis.log ? t('logarithmic scales', '对数刻度') : t('linear scales', '线性刻度');
  return t(
    `Curves over the number of instances, ${scales}. ${title}. Where each ends: ${ends.join('; ')}.`,
    `随实例数变化的曲线，${scales}。${title}。各曲线的终点：${ends.join('；')}。`,
  );
}

/** Ramps with whose they are, those of a runner together, in the order of `runners`. */
export function rampsOf(ramps: readonly RampSummary[], runners: readonly RunnerView[]): readonly RampOf[] {
  return runners.flatMap((runner) =>
    ramps
      .filter((ramp) => ramp.runner === runner.id && lastStep(ramp) !== null)
      .toSorted((a, b) => a.block - b.block)
      .map((ramp) => ({ ramp, runner })),
  );
}

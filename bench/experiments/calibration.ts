import type { Experiment, Subject } from '../model/experiment.ts';
import { sinceLaunch } from '../model/mark.ts';
import type { Metric } from '../model/metric.ts';
import type { Prepared } from '../model/runner.ts';
import type { Workload } from '../model/workload.ts';
import { nowNs } from '../proc/clock.ts';
import { median } from '../stats/quantile.ts';

/** One runner against itself: how often is a difference claimed that is none, and which one of known size is found? */

/** Starts that only tell how long one takes, so that a share of it can be injected. */
const TYPICAL_STARTS = 3;

export interface CalibrationOptions {
  readonly workload: Workload;
  /** Comparisons, one after the other, each of so many blocks. */
  readonly gates: number;
  readonly gateBlocks: number;
}

export interface InjectOptions extends CalibrationOptions {
  /** What each arm but the first is made slower by, in percent of a typical start. */
  readonly percents: readonly number[];
  /** `delay`: tare sleeps between the clock's start and the first launch command; `burn`: it computes. */
  readonly how: 'delay' | 'burn';
}

/** The metric of an arm: `ready-a`, `ready-5`. */
export function armMetric(arm: string): string {
  return `ready-${arm}`;
}

/** The metric of what was really injected into an arm: `injected-5`. */
export function injectedMetric(arm: string): string {
  return `injected-${arm}`;
}

function time(id: string, title: string): Metric {
  return { id, title, unit: 'ns', better: 'lower', primary: false, assessableEmulated: false };
}

/** The arms in a block: each block begins with the next one, so that over as many blocks as arms each has every place once. */
function orderOf<T>(arms: readonly T[], block: number): readonly T[] {
  const first = block % arms.length;
  return [...arms.slice(first), ...arms.slice(0, first)];
}

/** Nanoseconds from the launch to the application's first valid answer, of one fresh instance that is gone afterwards. */
async function readyNs(subject: Subject, metrics: readonly string[]): Promise<number | undefined> {
  await using instance = await subject.start(metrics, { brief: true });
  return sinceLaunch(instance.marks, 'ready');
}

const common = ({ workload, gates, gateBlocks }: CalibrationOptions) => ({
  ...{ workload, gateBlocks, pilotBlocks: 0, fixedBlocks: gates * gateBlocks, emulatedToo: false, share: 2 },
});

/** Every runner under two names, started in turns. */
export function aaExperiment(options: CalibrationOptions): Experiment {
  const arms = ['a', 'b'] as const;
  return {
    ...common(options),
    id: 'aa',
    title: 'A/A',
    metrics: arms.map((arm) => time(armMetric(arm), 'first valid answer of the application')),
    async measure(subject) {
      for (const arm of orderOf(arms, subject.block)) {
        const metric = armMetric(arm);
        const ns = await readyNs(subject, [metric]);
        if (ns !== undefined) subject.record(metric, ns);
      }
    },
  };
}

/** Lets time pass on this thread, and says how much really did. */
function inject(ns: number, how: InjectOptions['how']): number {
  if (ns <= 0) return 0;
  const begin = nowNs();
  const end = begin + BigInt(Math.round(ns));
  if (how === 'delay') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ns / 1e6);
  while (nowNs() < end);
  return Number(nowNs() - begin);
}

/** Every runner against itself with a known share of a typical start injected before the launch, as part of the start. */
export function injectExperiment(options: InjectOptions): Experiment {
  const { percents, how } = options;
  const arms = [...new Set([0, ...percents])].toSorted((a, b) => a - b);
  const typical = new WeakMap<Prepared, number>();

  async function typicalNs(subject: Subject): Promise<number> {
    const known = typical.get(subject.prepared);
    if (known !== undefined) return known;
    const starts: number[] = [];
    for (let count = 0; count < TYPICAL_STARTS; count += 1) {
      const ns = await readyNs(subject, []);
      if (ns !== undefined) starts.push(ns);
    }
    const found = median(starts);
    typical.set(subject.prepared, found);
    return found;
  }

  return {
    ...common(options),
    id: 'inject',
    title: 'Injected slowdowns',
    metrics: arms.flatMap((percent) => [
      time(armMetric(String(percent)), 'first valid answer of the application'),
      ...(percent > 0 ? [time(injectedMetric(String(percent)), 'injected before the launch')] : []),
    ]),
    async measure(subject) {
      const whole = await typicalNs(subject);
      for (const percent of orderOf(arms, subject.block)) {
        const metric = armMetric(String(percent));
        const extra = inject((whole * percent) / 100, how);
        const ns = await readyNs(subject, [metric]);
        if (ns === undefined) continue;
        subject.record(metric, ns + extra);
        if (percent > 0) subject.record(injectedMetric(String(percent)), extra);
      }
    },
  };
}

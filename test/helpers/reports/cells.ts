import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { PlannedExperiment } from '../../../bench/model/manifest.ts';
import type { Cell, Interval, RatioToNative } from '../../../bench/model/result.ts';

/** Cells for a fixture: simple on purpose, since the real statistics have tests of their own. */

function middle(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] as number;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] as number;
  return (upper + lower) / 2;
}

function intervalOf(sorted: readonly number[], failures: number): Interval | null {
  if (sorted.length + failures < 3) return null;
  const cut = sorted.length + failures >= 8 ? 1 : 0;
  const hi = failures > cut ? null : (sorted.at(-1 - cut + failures) ?? null);
  return { lo: sorted[cut] ?? null, hi, level: cut === 1 ? 0.9936 : 0.75 };
}

export interface Standing {
  readonly status: (runner: string, metric: string) => Cell['status'];
  readonly ratio: (runner: string, metric: string) => RatioToNative | null;
  readonly warnings: (runner: string, metric: string) => Cell['warnings'];
}

/** One cell for each runner and metric that the journal knows of, in the order of `runners` and of the metrics. */
export function cellsOf(
  runners: readonly string[],
  experiments: readonly PlannedExperiment[],
  events: readonly JournalEvent[],
  standing: Standing,
): readonly Cell[] {
  return runners.flatMap((runner) =>
    experiments.flatMap(({ id, workload, metrics }) =>
      metrics.flatMap((metric): readonly Cell[] => {
        const own = events.flatMap((event) =>
          (event.type === 'sample' || event.type === 'failure') &&
          event.phase === 'measured' &&
          event.runner === runner &&
          event.experiment === id &&
          event.workload === workload
            ? [event]
            : [],
        );
        const values = own.flatMap((event) =>
          event.type === 'sample' && event.metric === metric.id && event.operation === 0 ? [event.value] : [],
        );
        const failures = own.filter((event) => event.type === 'failure' && event.metrics.includes(metric.id)).length;
        if (values.length + failures === 0) return [];
        const sorted = values.toSorted((a, b) => a - b);
        return [
          {
            ...{ key: `${runner}/${id}/${workload}/${metric.id}`, runner, experiment: id, workload, metric: metric.id },
            ...{ title: metric.title, unit: metric.unit, better: metric.better, primary: metric.primary },
            ...{ n: values.length, failures, median: middle(sorted), ci: intervalOf(sorted, failures) },
            ...{ min: sorted[0] ?? null, max: sorted.at(-1) ?? null },
            tails: [0.95, 0.99].map((p) => ({ p, value: null, ci: null, needsBlocks: p === 0.95 ? 72 : 368 })),
            scatter: values.length < 2 ? null : { operation: null, restart: 0.021 },
            status: values.length === 0 ? 'no-data' : standing.status(runner, metric.id),
            ratioToNative: standing.ratio(runner, metric.id),
            ratioToContainer: null,
            withoutMarked: metric.primary
              ? { n: 11, median: 7.9e8, ratioToNative: standing.ratio(runner, metric.id) }
              : null,
            warnings: standing.warnings(runner, metric.id),
          },
        ];
      }),
    ),
  );
}

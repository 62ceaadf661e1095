import type { FailureEvent, JournalEvent, SampleEvent } from '../model/journal.ts';
import { median } from '../stats/quantile.ts';

/** One block's one number, after the operations of its instance were reduced to their median; or a counted failure. */
export interface BlockValue {
  readonly block: number;
  readonly position: number;
  readonly value: number | 'failed';
}

export interface SeriesKey {
  readonly experiment: string;
  readonly workload: string;
  readonly runner: string;
  readonly metric: string;
  readonly phase: 'pilot' | 'measured';
}

type Reading = SampleEvent | FailureEvent;

function isReading(event: JournalEvent): event is Reading {
  return event.type === 'sample' || event.type === 'failure';
}

function groupOf({ experiment, workload, runner, phase }: Omit<SeriesKey, 'metric'>): string {
  return JSON.stringify([experiment, workload, runner, phase]);
}

/** A journal's samples and failures, grouped once: a long run has many thousands of them and hundreds of cells. */
export class Series {
  readonly #groups: ReadonlyMap<string, readonly Reading[]>;

  constructor(events: readonly JournalEvent[]) {
    this.#groups = Map.groupBy(events.filter(isReading), groupOf);
  }

  /** A cell's raw values, start by start; none of those that failed. */
  operations({ metric, ...group }: SeriesKey): readonly (readonly number[])[] {
    const samples = (this.#groups.get(groupOf(group)) ?? []).filter(
      (event): event is SampleEvent => event.type === 'sample' && event.metric === metric,
    );
    return [...Map.groupBy(samples, ({ block }) => block).values()].map((start) => start.map(({ value }) => value));
  }

  /** A cell's values by block, in block order. A block in which the metric failed counts as failed, whatever else it has. */
  blockValues(key: SeriesKey): readonly BlockValue[] {
    const operations = new Map<number, { position: number; values: number[]; failed: boolean }>();
    const entry = (event: Reading) => {
      const known = operations.get(event.block) ?? { position: event.position, values: [], failed: false };
      operations.set(event.block, known);
      return known;
    };
    for (const event of this.#groups.get(groupOf(key)) ?? []) {
      if (event.type === 'sample') {
        if (event.metric === key.metric) entry(event).values.push(event.value);
      } else if (event.metrics.includes(key.metric)) {
        entry(event).failed = true;
      }
    }
    return [...operations]
      .toSorted(([a], [b]) => a - b)
      .map(([block, { position, values, failed }]) => ({ block, position, value: failed ? 'failed' : median(values) }));
  }
}

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
  readonly runner: string;
  readonly metric: string;
  readonly phase: 'pilot' | 'measured';
}

function belongs(event: SampleEvent | FailureEvent, key: SeriesKey): boolean {
  return event.experiment === key.experiment && event.runner === key.runner && event.phase === key.phase;
}

/** A cell's values by block, in block order. A block in which the metric failed counts as failed, whatever else it has. */
export function blockValues(events: readonly JournalEvent[], key: SeriesKey): readonly BlockValue[] {
  const operations = new Map<number, { position: number; values: number[]; failed: boolean }>();
  const entry = (event: SampleEvent | FailureEvent) => {
    const known = operations.get(event.block) ?? { position: event.position, values: [], failed: false };
    operations.set(event.block, known);
    return known;
  };
  for (const event of events) {
    if (event.type === 'sample' && belongs(event, key) && event.metric === key.metric) {
      entry(event).values.push(event.value);
    } else if (event.type === 'failure' && belongs(event, key) && event.metrics.includes(key.metric)) {
      entry(event).failed = true;
    }
  }
  return [...operations]
    .toSorted(([a], [b]) => a - b)
    .map(([block, { position, values, failed }]) => ({
      block,
      position,
      value: failed ? 'failed' : median(values),
    }));
}

import type { FailureEvent, JournalEvent, SampleEvent } from '../../bench/model/journal.ts';
import { formatInterval, formatValue } from '../units.ts';
import type { Entry } from '../view-model.ts';
import type { PageContext } from './context.ts';
import { type Content, html, type Markup } from './markup.ts';
import { dataTable, disclosure, runnerName } from './pieces.ts';

/** Every measured value of an experiment, block by block, for whoever asks. */

type Reading = SampleEvent | FailureEvent;

function keyOf({ runner, workload, block }: Pick<SampleEvent, 'runner' | 'workload'> & { readonly block: number }) {
  return JSON.stringify([runner, workload, block]);
}

/** The readings of an experiment's measured blocks, by runner, workload and block. */
function readingsOf(experiment: string, events: readonly JournalEvent[]): ReadonlyMap<string, readonly Reading[]> {
  const own = events.filter(
    (event): event is Reading =>
      (event.type === 'sample' || event.type === 'failure') &&
      event.phase === 'measured' &&
      event.experiment === experiment,
  );
  return Map.groupBy(own, keyOf);
}

/** One value; of several operations in one instance how many, and the range; a failure is told. */
function valueOf(readings: readonly Reading[], { cell }: Entry, { words }: PageContext): Content {
  const { metric, unit } = cell;
  if (readings.some((event) => event.type === 'failure' && event.metrics.includes(metric))) {
    return html`<span class="bad">${words.failed(1)}</span>`;
  }
  const values = readings.flatMap((event) => (event.type === 'sample' && event.metric === metric ? [event.value] : []));
  const [first] = values;
  if (first === undefined) return html`<span class="none">–</span>`;
  if (values.length === 1) return formatValue(first, unit);
  const range = formatInterval({ lo: Math.min(...values), hi: Math.max(...values) }, unit);
  return html`${range} <span class="quiet">(${values.length})</span>`;
}

/** One table a workload, closed until somebody opens it. @param entries of one experiment. */
export function samplesTables(entries: readonly Entry[], context: PageContext): readonly Markup[] {
  const { events, t, view } = context;
  const experiment = entries[0]?.cell.experiment ?? '';
  const readings = readingsOf(experiment, events);
  return [...Map.groupBy(entries, ({ cell }) => cell.workload)].map(([workload, own]) => {
    const metrics = [...new Set(own.map(({ cell }) => cell.metric))];
    const runners = [...new Set(own.map(({ runner }) => runner.id))];
    const blocks = new Set(
      [...readings.values()].flatMap(([event]) => (event?.workload === workload ? [event.block] : [])),
    );
    const rows = [...blocks]
      .toSorted((a, b) => a - b)
      .flatMap((block) =>
        runners.flatMap((id) => {
          const found = readings.get(keyOf({ runner: id, workload, block }));
          if (found === undefined) return [];
          const values = metrics.map((metric) => {
            const entry = own.find(({ runner, cell }) => runner.id === id && cell.metric === metric);
            return entry ? valueOf(found, entry, context) : null;
          });
          return [{ cells: [`${block}`, runnerName(view.runner(id)), ...values] }];
        }),
      );
    const columns = [
      ...[{ heading: t('block', '区组') }, { heading: t('runner', '运行器') }],
      ...metrics.map((metric) => ({ heading: metric, numeric: true })),
    ];
    const heading = t(`Every sample: ${experiment}, ${workload}`, `全部样本：${experiment}，${workload}`);
    return disclosure(heading, dataTable(heading, columns, rows));
  });
}

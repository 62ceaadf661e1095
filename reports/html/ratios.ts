import { ratioIntervalText, ratioText, ratioVerdictText } from '../phrases.ts';
import { formatLevel, formatProbability, formatShare } from '../units.ts';
import type { RatioEntry } from '../view-model.ts';
import { forestChart } from './charts.ts';
import { type PageContext, type Part, words } from './context.ts';
import { html } from './markup.ts';
import { dataTable, figure, runnerName } from './pieces.ts';

const COLUMNS = [
  { heading: 'runner' },
  { heading: 'quantity' },
  { heading: 'ratio', numeric: true },
  { heading: 'interval', numeric: true },
  { heading: 'blocks', numeric: true },
  { heading: 'native failed', numeric: true },
  { heading: 'verdict' },
];

function ratioRow({ runner, cell, ratio }: RatioEntry, { result, anchors }: PageContext) {
  const unresolved = ratio.verdict === 'not-resolved';
  const p = html` <span class="quiet">(${ratio.n} blocks cannot give p below ${formatProbability(ratio.smallestP)})</span>`;
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
  const { view, result } = context;
  const groups = Map.groupBy(view.ratios, ({ cell }) => JSON.stringify([cell.experiment, cell.metric]));
  const drawn = [...groups.values()].map((group, index) => {
    const [{ cell }] = group as [RatioEntry, ...RatioEntry[]];
    const title = `${cell.metric}, ratio to native`;
    return { cell, chart: forestChart(`chart-ratio-${index + 1}`, title, group, result.delta) };
  });
  const body =
    view.ratios.length === 0
      ? html`<p>${words.noRatios}.</p>`
      : html`<p>Per block, the runner’s value by native’s in the same block; the diamond is the median of these ratios, the line its exact interval at ${formatLevel(result.level)} or more. A failed start counts as infinitely slow. Inside the band of ±${formatShare(result.delta)} a runner counts as equivalent; an interval across 1 is not resolved, and never “the same”.</p>
${drawn.map(({ cell, chart }) => figure(chart, html`<b>${cell.metric}</b> by native’s ${cell.metric}`))}
${dataTable(
  'Ratios and their verdicts',
  COLUMNS,
  view.ratios.map((entry) => ratioRow(entry, context)),
)}`;
  return { id: 'ratios', heading: 'Ratios to native', body, charts: drawn.map(({ chart }) => chart) };
}

import { chartText } from '../html/charts.ts';
import { chartsOf, type ReportInput } from '../html/render.ts';
import type { Lang } from '../words.ts';
import { figureOf } from './canvas.ts';
import { drawCurves } from './curves.ts';
import { drawRows } from './rows.ts';

/** Every chart of the report as a figure for a paper, by the name of its file: `startup-ready.svg`. The same input gives the same bytes. */
export function renderFigures(input: ReportInput, lang: Lang): Readonly<Record<string, string>> {
  const { charts, tongue } = chartsOf(lang, input);
  return Object.fromEntries(
    charts.map((chart) => {
      const { height, content } = chart.kind === 'curves' ? drawCurves(chart) : drawRows(chart);
      const name = `${chart.id.replace(/^chart-/, '')}.svg`;
      return [name, figureOf(chart.title, chartText(chart, tongue), height, content)];
    }),
  );
}

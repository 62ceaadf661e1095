import { formatLevel } from '../units.ts';
import { type PageContext, type Part, words } from './context.ts';
import { emulatedChart } from './experiments.ts';
import { html } from './markup.ts';
import { evidenceTables, figure } from './pieces.ts';

/** What must not be read as one of the measured values: emulation, and the harness's own cost. */

export function emulatedParts(context: PageContext): readonly Part[] {
  return context.view.emulated.map(({ runner, cells }, index) => {
    const id = `emulated-${index + 1}`;
    const drawn = emulatedChart(runner, cells, `chart-${id}`, context);
    const entries = cells.map((cell) => ({ runner, cell }));
    const body = html`<div class="apart">
<p><strong>These values say nothing about KVM.</strong> The guest’s processor was emulated in software, since no usable /dev/kvm was there or emulation was asked for. They have neither ratio nor verdict.</p>
${drawn.charts.map((chart) => figure(chart, html`<b>ready</b> under emulation, alone on its scale`))}
${evidenceTables(entries, 'Emulated values', context)}
</div>`;
    return { id, heading: runner.title, body, charts: drawn.charts };
  });
}

export function harnessPart(context: PageContext): Part | null {
  const { harness } = context.view;
  if (harness.length === 0) return null;
  const body = html`<p>The same path with a runner that starts the program without any box or preparation. This cost is contained in every value above; it is shown, and not subtracted. It is no row of the table.</p>
${evidenceTables(harness, 'Harness', context)}`;
  return { id: 'harness', heading: words.harness, body, charts: [] };
}

export function evidencePart(context: PageContext): Part {
  const body = html`<p>Every value outside of emulation. n counts blocks with a value, pilot blocks excluded; the median takes a failure as the worst value; the interval comes from order statistics, and its level is what n blocks really attain (${formatLevel(context.result.level)} was asked, too few blocks give less). All raw samples are in <code>samples.csv</code> and <code>journal.ndjson</code>.</p>
${evidenceTables(context.view.ordinary, 'Evidence', context)}`;
  return { id: 'evidence', heading: 'Evidence', body, charts: [] };
}

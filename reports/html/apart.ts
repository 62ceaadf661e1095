import { formatLevel } from '../units.ts';
import type { PageContext, Part } from './context.ts';
import { rampsOf } from './curves.ts';
import { endsTable } from './density.ts';
import { emulatedChart } from './experiments.ts';
import { html } from './markup.ts';
import { evidenceTables, figure } from './pieces.ts';

/** What must not be read as one of the measured values: emulation, and the harness's own cost. */

export function emulatedParts(context: PageContext): readonly Part[] {
  const { t } = context;
  return context.view.emulated.map(({ runner, cells }, index) => {
    const id = `emulated-${index + 1}`;
    const ramps = rampsOf(context.result.ramps, [runner]);
    const drawn = emulatedChart(runner, cells, `chart-${id}`, context);
    const entries = cells.map((cell) => ({ runner, cell }));
    const body = html`<div class="apart">
${t(
  html`<p><strong>These values say nothing about KVM.</strong> The guest’s processor was emulated in software, since no usable /dev/kvm was there or emulation was asked for. They have neither ratio nor verdict.</p>`,
  html`<p><strong>这些数值不能说明 KVM。</strong>本机没有可用的 /dev/kvm，或者指定了仿真，因此客户机的处理器由软件仿真。它们没有比值，也没有结论。</p>`,
)}
${drawn.charts.map((chart) => figure(chart, t(html`<b>ready</b> under emulation, alone on its scale`, html`仿真下的 <b>ready</b>，单独使用一个刻度`), context))}
${endsTable(t(`How each ramp ended, ${runner.label}`, `每次加压如何结束，${runner.label}`), ramps, context)}
${evidenceTables(entries, t('Emulated values', '仿真数值'), context)}
</div>`;
    return { id, heading: runner.title, body, charts: drawn.charts };
  });
}

export function harnessPart(context: PageContext): Part | null {
  const { t, words, view } = context;
  if (view.harness.length === 0) return null;
  const body = html`${t(
    html`<p>The same path with a runner that starts the program without any box or preparation. This cost is contained in every value above; it is shown, and not subtracted. It is no row of the table.</p>`,
    html`<p>走同一条路径，但运行器既不建立隔离、也不做准备，直接启动程序。这部分开销包含在以上每个数值中；这里列出，但未扣除。它不是表中的一行。</p>`,
  )}
${evidenceTables(view.harness, t('Harness', '测试程序'), context)}`;
  return { id: 'harness', heading: words.harness, body, charts: [] };
}

export function evidencePart(context: PageContext): Part {
  const { t } = context;
  const level = formatLevel(context.result.level);
  const needs = context.view.ordinary.flatMap(({ cell }) => cell.tails.map(({ needsBlocks }) => needsBlocks));
  const fewest = [...new Set(needs)].toSorted((a, b) => a - b);
  const tails = t(
    html` Tails (p95, p99) stand where n allows an interval: from ${fewest.join(' and ')} blocks on.`,
    html`尾部（p95、p99）在 n 足以给出区间时列出：从 ${fewest.join('、')} 个区组起。`,
  );
  const body = html`${t(
    html`<p>Every value outside of emulation. n counts blocks with a value, pilot blocks excluded; the median takes a failure as the worst value; the interval comes from order statistics, and its level is what n blocks really attain (${level} was asked, too few blocks give less).${fewest.length === 0 ? null : tails} All raw samples are in <code>samples.csv</code> and <code>journal.ndjson</code>.</p>`,
    html`<p>仿真以外的全部数值。n 为有数值的区组数，不含试验区组；求中位数时失败按最差值计；区间取自次序统计量，所列水平是 n 个区组实际达到的（要求 ${level}，区组太少时较低）。${fewest.length === 0 ? null : tails}全部原始样本见 <code>samples.csv</code> 和 <code>journal.ndjson</code>。</p>`,
  )}
${evidenceTables(context.view.ordinary, t('Evidence', '依据'), context)}`;
  return { id: 'evidence', heading: t('Evidence', '依据'), body, charts: [] };
}

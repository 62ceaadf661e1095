import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Manifest } from '../../bench/model/manifest.ts';
import type { Result } from '../../bench/model/result.ts';
import { timeText } from '../phrases.ts';
import { viewOf } from '../view-model.ts';
import { Anchors } from './anchors.ts';
import { emulatedParts, evidencePart, harnessPart } from './apart.ts';
import { markedBlocks } from './charts.ts';
import { type PageContext, type Part, words } from './context.ts';
import { experimentParts } from './experiments.ts';
import { configurationPart, hostPart, reproducePart } from './facts.ts';
import { html, type Markup } from './markup.ts';
import { page } from './page.ts';
import { ratioPart } from './ratios.ts';
import { sourceTable } from './source-table.ts';
import { summary } from './summary.ts';
import { differencesPart, failuresPart, guardsPart, unavailablePart } from './validity.ts';

export interface ReportInput {
  readonly result: Result;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
}

function partsOf(context: PageContext): readonly Part[] {
  const parts = [
    sourceTable(context),
    ...experimentParts(context),
    ratioPart(context),
    ...emulatedParts(context),
    failuresPart(context),
    guardsPart(context),
    differencesPart(context),
    unavailablePart(context),
    harnessPart(context),
    evidencePart(context),
    hostPart(context),
    configurationPart(context),
    reproducePart(context),
  ];
  return parts.filter((part) => part !== null);
}

function header(context: PageContext): Markup {
  const { result, manifest } = context;
  const outcome =
    result.outcome === 'complete' ? null : html` · <strong class="bad">${words.outcome[result.outcome]}</strong>`;
  return html`<header>
<p class="brand">tare <span class="quiet">the weight of the box</span></p>
<h1><span lang="zh">容器与虚拟机</span> Container and virtual machine, weighed</h1>
<p class="meta">Run <code>${result.runId}</code> · ${timeText(result.startedAt)} · tare ${manifest.tare}${outcome}</p>
${summary(context)}
</header>
`;
}

/**
 * `report.html`: one file that stands alone, light and dark, printable; no request leaves it. The same input gives the same
 * bytes.
 */
export function renderHtml({ result, manifest, events }: ReportInput): string {
  const context: PageContext = {
    ...{ result, manifest, events },
    ...{ view: viewOf(result), anchors: new Anchors(result), marked: markedBlocks(events) },
  };
  const parts = partsOf(context);
  const links = parts.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`);
  const sections = parts.map(
    ({ id, heading, body }) => html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${body}
</section>
`,
  );
  const body = html`${header(context)}<nav aria-label="Contents"><ul>${links}</ul></nav>
<main>
<noscript><p>Without scripts the charts stay empty; every number in them is also in a table.</p></noscript>
${sections}</main>
<footer><p>${words.units}. Made by tare ${manifest.tare} from <code>manifest.json</code> and <code>journal.ndjson</code> of run <code>${result.runId}</code>.</p></footer>`;
  return page({
    title: `tare: container and virtual machine, run ${result.runId}`,
    body,
    data: { charts: parts.flatMap(({ charts }) => charts) },
  });
}

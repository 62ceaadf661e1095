import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Manifest } from '../../bench/model/manifest.ts';
import type { Result } from '../../bench/model/result.ts';
import type { Gate } from '../../bench/verdict/gate.ts';
import { timeText } from '../phrases.ts';
import { viewOf } from '../view-model.ts';
import { type Lang, WORDS } from '../words.ts';
import { Anchors } from './anchors.ts';
import { emulatedParts, evidencePart, harnessPart } from './apart.ts';
import { type ChartSpec, MarkedBlocks } from './charts.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { experimentParts } from './experiments.ts';
import { configurationPart, hostPart, reproducePart } from './facts.ts';
import { gatePart } from './gate.ts';
import { html, type Markup } from './markup.ts';
import { type Language, page } from './page.ts';
import { ratioPart } from './ratios.ts';
import { sourceTable } from './source-table.ts';
import { summary } from './summary.ts';
import { differencesPart, failuresPart, guardsPart, unavailablePart } from './validity.ts';

export interface ReportInput {
  readonly result: Result;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
  /** Of a run that was held against another configuration; else null. */
  readonly gate: Gate | null;
}

function partsOf(context: PageContext): readonly Part[] {
  const parts = [
    sourceTable(context),
    gatePart(context),
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

const SWITCH: Readonly<Record<Lang, Markup>> = {
  en: html`<a class="language" href="?lang=zh" hreflang="zh" lang="zh" data-lang="zh">中文</a>`,
  zh: html`<a class="language" href="?lang=en" hreflang="en" lang="en" data-lang="en">English</a>`,
};

function header(context: PageContext): Markup {
  const { result, manifest, words, lang, t } = context;
  const outcome =
    result.outcome === 'complete' ? null : html` · <strong class="bad">${words.outcome[result.outcome]}</strong>`;
  const title = t(
    html`<span lang="zh">容器与虚拟机</span> Container and virtual machine, weighed`,
    html`<span lang="en">Container and virtual machine</span> 称一称容器与虚拟机`,
  );
  return html`<header>
<p class="brand">tare <span class="quiet">${t('the weight of the box', '箱子的皮重')}</span>${SWITCH[lang]}</p>
<h1>${title}</h1>
<p class="meta">${t('Run', '运行')} <code>${result.runId}</code> · ${timeText(result.startedAt)} · tare ${manifest.tare}${outcome}</p>
${summary(context)}
</header>
`;
}

function contextIn(lang: Lang, { result, manifest, events, gate }: ReportInput): PageContext {
  const t = <T>(en: T, zh: T): T => (lang === 'en' ? en : zh);
  return {
    ...{ result, manifest, events, gate, lang, words: WORDS[lang], t },
    ...{ view: viewOf(result, lang), anchors: new Anchors(result), marked: new MarkedBlocks(events) },
  };
}

/** Every chart of the page, in its order. */
export function chartsOf(
  lang: Lang,
  input: ReportInput,
): { readonly charts: readonly ChartSpec[]; readonly tongue: Tongue } {
  const tongue = contextIn(lang, input);
  return { charts: partsOf(tongue).flatMap(({ charts }) => charts), tongue };
}

/** The page's content in one language. */
function contentIn(lang: Lang, input: ReportInput): Language {
  const context = contextIn(lang, input);
  const { result, manifest, t, words } = context;
  const parts = partsOf(context);
  const links = parts.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`);
  const sections = parts.map(
    ({ id, heading, body }) => html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${body}
</section>
`,
  );
  const noscript = t(
    'Without scripts the charts stay empty, and the page stays in English; every number in the charts is also in a table.',
    '',
  );
  const made = t(
    html`Made by tare ${manifest.tare} from <code>manifest.json</code> and <code>journal.ndjson</code> of run <code>${result.runId}</code>.`,
    html`由 tare ${manifest.tare} 根据运行 <code>${result.runId}</code> 的 <code>manifest.json</code> 和 <code>journal.ndjson</code> 生成。`,
  );
  const body = html`${header(context)}<nav aria-label="${t('Contents', '目录')}"><ul>${links}</ul></nav>
<main>
${
  noscript === ''
    ? null
    : html`<noscript><p>${noscript}</p></noscript>
`
}${sections}</main>
<footer><p>${words.units}${t(html`. `, html`。`)}${made}</p></footer>`;
  const title = t(
    `tare: container and virtual machine, run ${result.runId}`,
    `tare：容器与虚拟机，运行 ${result.runId}`,
  );
  return { lang, title, body, data: { charts: parts.flatMap(({ charts }) => charts) } };
}

/**
 * `report.html`: one file that stands alone, in both languages, light and dark, printable; no request leaves it. The same
 * input gives the same bytes.
 */
export function renderHtml(input: ReportInput): string {
  return page({ shown: contentIn('en', input), other: contentIn('zh', input) });
}

import type { GuardSummary } from '../../bench/model/result.ts';
import { codeIn, placeIn } from '../codes.ts';
import { medianText, withoutMarkedText } from '../phrases.ts';
import { guardName, readingIn } from '../readings.ts';
import type { PageContext, Part } from './context.ts';
import { html, type Markup } from './markup.ts';
import { dataTable, disclosure, runnerName } from './pieces.ts';

/** What a reader must weigh: failures, guards, differences, runners that are missing. */

/** A code, what it is about where the message beside it is in another language, and the message. */
function told(code: string, message: string, { lang, t }: PageContext): Markup {
  const about = codeIn(lang, code);
  const said =
    about === null ? message : html`${about}${t(html`: `, html`：`)}<span class="quiet" lang="en">${message}</span>`;
  return html`<code>${code}</code> ${said}`;
}

export function failuresPart(context: PageContext): Part {
  const { result, view, words, t, lang } = context;
  const rows = result.failures.map((failure) => ({
    cells: [
      runnerName(view.runner(failure.runner)),
      `${failure.experiment}, ${failure.workload}, ${placeIn(lang, failure.phase)}`,
      placeIn(lang, failure.stage),
      failure.count,
      told(failure.code, failure.message, context),
    ],
  }));
  const columns = [
    ...[{ heading: t('runner', '运行器') }, { heading: t('where', '位置') }, { heading: t('stage', '阶段') }],
    ...[{ heading: t('times', '次数'), numeric: true }, { heading: t('what', '内容') }],
  ];
  const body =
    rows.length === 0
      ? t(html`<p>None.</p>`, html`<p>没有失败。</p>`)
      : html`${t(
          html`<p>A failure is counted and takes part as the worst value; it is never a dropped sample.</p>`,
          html`<p>失败计入统计，并作为最差值参与计算；样本从不丢弃。</p>`,
        )}${dataTable(t('Counted failures', '已计入的失败'), columns, rows)}`;
  return { id: 'failures', heading: words.failures, body, charts: [] };
}

/** How the primary values look without the marked blocks. */
function withoutMarkedTable({ result, view, words, t }: PageContext): Markup {
  const rows = view.ordinary.flatMap(({ cell, runner }) => {
    const text = cell.primary ? withoutMarkedText(cell, result.delta, words) : null;
    return text === null ? [] : [{ cells: [view.nameOf(cell), runnerName(runner), medianText(cell, words), text] }];
  });
  const columns = [
    ...[{ heading: t('metric', '指标') }, { heading: t('runner', '运行器') }],
    ...[{ heading: t('all blocks', '全部区组') }, { heading: t('otherwise', '去掉之后') }],
  ];
  return rows.length === 0
    ? html``
    : dataTable(t('What the marked blocks change', '被标记的区组的影响'), columns, rows);
}

/** Rows of the source's table that the marked blocks decide, and why they would be judged otherwise. */
function judgedOtherwise({ view, words, lang, t }: PageContext): Markup {
  const rows = view.table.flatMap(({ feature, halves }) =>
    [halves.container, halves.vm].flatMap((half) => {
      if (!half?.withoutMarked || half.withoutMarked.verdict === half.verdict) return [];
      const { verdict, reason } = half.withoutMarked;
      const name = half.runner === null ? null : runnerName(half.runner);
      return [{ cells: [feature[lang], name, words.claim[half.verdict], words.claim[verdict], reason[lang]] }];
    }),
  );
  const columns = [
    ...[t('feature', '特性'), t('runner', '运行器'), t('all blocks', '全部区组'), t('otherwise', '去掉之后')],
    t('why', '原因'),
  ].map((heading) => ({ heading }));
  const caption = t('Verdicts that the marked blocks decide', '由被标记的区组决定的结论');
  return rows.length === 0 ? html`` : dataTable(caption, columns, rows);
}

export function guardsPart(context: PageContext): Part {
  const { result, view, words, t, lang } = context;
  const row = (guard: GuardSummary) => ({
    cells: [
      guardName(lang, guard.guard),
      `${guard.experiment}, ${guard.workload}`,
      guard.runner === undefined
        ? html`<span class="quiet">${t('all', '全部')}</span>`
        : runnerName(view.runner(guard.runner)),
      html`<span class="${guard.tripped > 0 ? 'bad' : 'quiet'}">${t(`${guard.tripped} of ${guard.blocks}`, `${guard.tripped} / ${guard.blocks}`)}</span>`,
      readingIn(lang, guard.message),
    ],
  });
  const columns = [
    ...[{ heading: t('guard', '监视项') }, { heading: t('experiment', '实验') }, { heading: t('runner', '运行器') }],
    { heading: t('blocks tripped', '触发的区组'), numeric: true },
    { heading: t('reading', '读数') },
  ];
  const tripped = result.guards.filter((guard) => guard.tripped > 0);
  const all = t(`All ${result.guards.length} readings of the guards`, `各监视项的全部 ${result.guards.length} 个读数`);
  const body =
    result.guards.length === 0
      ? t(html`<p>This run recorded none.</p>`, html`<p>本次运行没有记录。</p>`)
      : html`${t(
          html`<p>States of the host that make a block doubtful. Values of such blocks stay in the data; in the charts they are triangles.</p>`,
          html`<p>使区组存疑的主机状态。这些区组的数值仍留在数据中，在图中以三角形表示。</p>`,
        )}
${tripped.length === 0 ? html`<p>${words.noGuards}${t('.', '。')}</p>` : dataTable(t('Guards that tripped', '触发的监视项'), columns, tripped.map(row))}
${judgedOtherwise(context)}${withoutMarkedTable(context)}
${disclosure(all, dataTable(all, columns, result.guards.map(row)))}`;
  return { id: 'guards', heading: words.guards, body, charts: [] };
}

export function differencesPart({ result, view, words, t, lang }: PageContext): Part {
  const rows = result.differences.map((difference) => ({
    cells: [
      runnerName(view.runner(difference.runner)),
      html`<code>${difference.limit}</code>`,
      readingIn(lang, difference.expected),
      readingIn(lang, difference.actual),
      difference.designed === null
        ? html`<span class="bad">${t('undeclared: its values are not comparable', '未声明：其数值不可比较')}</span>`
        : html`${words.designed}${t(html`: `, html`：`)}${readingIn(lang, difference.designed)}`,
    ],
  }));
  const columns = [
    ...[t('runner', '运行器'), t('limit', '限制'), t('expected', '预期'), t('read back', '读回'), t('why', '原因')],
  ].map((heading) => ({ heading }));
  const body =
    rows.length === 0
      ? t(
          html`<p>None: what was read back from every instance is what was asked for.</p>`,
          html`<p>没有：从每个实例读回的都与要求一致。</p>`,
        )
      : html`${t(
          html`<p>Limits read back from the kernel or the domain that differ from the specification or from other runners’.</p>`,
          html`<p>从内核或虚拟机域读回、与规格或与其他运行器不同的限制。</p>`,
        )}${dataTable(t('What was read back', '读回的限制'), columns, rows)}`;
  return { id: 'differences', heading: words.differences, body, charts: [] };
}

export function unavailablePart(context: PageContext): Part | null {
  const { result, words, t } = context;
  if (result.unavailable.length === 0) return null;
  const rows = result.unavailable.map(({ id, workload, code, reason, hint }) => ({
    cells: [
      workload === undefined ? id : t(`${id}, ${workload} only`, `${id}，仅 ${workload}`),
      told(code, reason, context),
      hint,
    ],
  }));
  const columns = [t('runner', '运行器'), t('why', '原因'), t('what to do', '如何处理')].map((heading) => ({
    heading,
  }));
  return {
    id: 'unavailable',
    heading: words.unavailable,
    body: dataTable(t('Runners that could not run', '未能运行的运行器'), columns, rows),
    charts: [],
  };
}

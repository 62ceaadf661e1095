import type { ClaimHalf, Result } from '../../bench/model/result.ts';
import { hostText, medianText } from '../phrases.ts';
import { experimentIn, ruleIn } from '../titles.ts';
import { formatRatioInterval } from '../units.ts';
import type { Entry } from '../view-model.ts';
import type { PageContext, Tongue } from './context.ts';
import { type Content, html, joined } from './markup.ts';

/** What was found, in one sentence, and below it what was done, from the data alone. */

function listed(items: readonly Content[], { t }: Tongue): Content {
  if (items.length < 2) return items;
  return [joined(items.slice(0, -1), t(html`, `, html`、`)), t(html` and `, html`、`), items.at(-1) ?? null];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 measured blocks of startup`, `10 to 12 measured blocks of throughput with each of 5 programs`. */
function blocksOf(id: string, group: Result['experiments'], { t, lang }: Tongue): Content {
  const counts = group.map(({ blocks }) => blocks);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const english = least === most ? counted(most, 'measured block') : `${least} to ${counted(most, 'measured block')}`;
  const chinese = least === most ? `${most} 个测量区组` : `${least} 到 ${most} 个测量区组`;
  const name = experimentIn(lang, id);
  if (group.length === 1) return t(html`${english} of ${id}`, html`${name} ${chinese}`);
  return t(
    html`${english} of ${id} with each of ${group.length} programs`,
    html`${name}的 ${group.length} 个程序各 ${chinese}`,
  );
}

function measuredSentence(context: PageContext): Content {
  const { result, view, words, t } = context;
  const workloads = [...new Set(result.experiments.map(({ workload }) => workload))];
  const groups = Map.groupBy(result.experiments, ({ id }) => id);
  const experiments = listed(
    [...groups].map(([id, group]) => blocksOf(id, group, context)),
    context,
  );
  const runners = listed(
    view.runners.filter(({ tone }) => tone !== 'harness').map(({ label }) => html`<b>${label}</b>`),
    context,
  );
  const started = listed(workloads, context);
  const host = hostText(result, words);
  return t(
    html`This run started ${started} as ${runners}: ${experiments}. The host: ${host}. `,
    html`本次运行以 ${runners} 启动 ${started}：${experiments}。主机：${host}。`,
  );
}

/** The least and the most ratio to native of each column’s runner. */
function performanceSentence(context: PageContext): Content {
  const { view, t } = context;
  const row = view.table.find(({ id }) => id === 'performance');
  const parts = [row?.halves.container, row?.halves.vm].flatMap((half) => {
    const ratios = (half?.measured ?? []).flatMap(({ ratioToNative }) => ratioToNative?.value ?? []);
    if (!half?.runner || ratios.length === 0) return [];
    const range = formatRatioInterval({ lo: Math.min(...ratios), hi: Math.max(...ratios) });
    return [html`${half.runner.label} ${range}`];
  });
  if (parts.length === 0) return null;
  const told = listed(parts, context);
  return t(html`Throughput by native’s, over the programs: ${told}. `, html`各程序吞吐量与原生之比：${told}。`);
}

function densitySentence(context: PageContext): Content {
  const { view, words, t, lang } = context;
  const row = view.table.find(({ id }) => id === 'density');
  const parts = [row?.halves.container, row?.halves.vm].flatMap((half) =>
    (half?.measured ?? []).flatMap((cell) => {
      if (!half?.runner || cell.median === null) return [];
      const ended = words.endedBy(view.endedBy(cell) ?? ruleIn(lang, 'no rule'));
      const [count, { label }] = [medianText(cell, words), half.runner];
      return [t(html`${count} as ${label} (${ended})`, html`${label} ${count} 个（${ended}）`)];
    }),
  );
  if (parts.length === 0) return null;
  const told = listed(parts, context);
  return t(html`Idle instances that stood at once: ${told}. `, html`同时存活的空闲实例：${told}。`);
}

/** Who answered when, the fastest first; null where nothing was started. */
function startupClause(context: PageContext): Content {
  const { view, words, t } = context;
  const ready = view.ordinary.filter(({ cell }) => {
    return cell.experiment === 'startup' && cell.metric === 'ready' && cell.median !== null;
  });
  const byValue = ready.toSorted((a, b) => (a.cell.median ?? 0) - (b.cell.median ?? 0));
  if (byValue.length === 0) return null;
  const value = ({ runner, cell }: Entry) => {
    const time = html`<b>${medianText(cell, words)}</b>`;
    return t(html`${time} as ${runner.label}`, html`${runner.label} ${time}`);
  };
  const told = listed(byValue.map(value), context);
  const program = byValue[0]?.cell.workload ?? '';
  return t(html`${program} first answered after ${told}`, html`${program} 首次应答的时间：${told}`);
}

const ORDER: readonly ClaimHalf['verdict'][] = ['holds', 'does-not-hold', 'not-resolved', 'not-assessable'];

const PLURAL: Readonly<Record<ClaimHalf['verdict'], string>> = {
  holds: 'hold',
  'does-not-hold': 'do not hold',
  'not-resolved': 'are not resolved',
  'not-assessable': 'are not assessable here',
};

function verdictClause(context: PageContext): Content {
  const { result, words, t } = context;
  const halves = result.claims.flatMap((claim) => claim.halves);
  if (halves.length === 0) return null;
  const parts = ORDER.flatMap((verdict) => {
    const count = halves.filter((half) => half.verdict === verdict).length;
    if (count === 0) return [];
    const singular = verdict.startsWith('not') ? `is ${words.claim[verdict]}` : words.claim[verdict];
    return [t(`${count} ${count === 1 ? singular : PLURAL[verdict]}`, `${count} 个${words.claim[verdict]}`)];
  });
  const told = listed(parts, context);
  return t(
    html`of the ${counted(halves.length, 'half-row')} of the source’s table, ${told}`,
    html`原文表格的 ${halves.length} 个半行中，${told}`,
  );
}

/** The result in one sentence, with its scope. */
function lead(context: PageContext): Content {
  const clauses = [startupClause(context), verdictClause(context)].filter((clause) => clause !== null);
  if (clauses.length === 0) return null;
  const { t } = context;
  const told = joined(clauses, t(html`; `, html`；`));
  return html`<p class="lead">${t(html`On this host, with this image, ${told}.`, html`在本机，用此镜像：${told}。`)}</p>`;
}

function caveats(context: PageContext): Content {
  const { result, view, words, t } = context;
  const failures = result.failures.reduce((sum, { count }) => sum + count, 0);
  const tripped = result.guards.reduce((sum, guard) => sum + guard.tripped, 0);
  const emulated = listed(
    view.emulated.map(({ runner }) => runner.label),
    context,
  );
  const times = tripped === 1 ? 'once' : tripped === 2 ? 'twice' : `${tripped} times`;
  const outcome = words.outcome[result.outcome];
  return [
    view.emulated.length > 0
      ? t(
          html`Values of ${emulated} are emulated: they stand in a section of their own, without ratio or verdict. `,
          html`${emulated} 的数值是仿真所得：单独成节，没有比值，也没有结论。`,
        )
      : null,
    failures > 0
      ? t(
          html`<a href="#failures">${counted(failures, 'failure')}</a> ${failures === 1 ? 'was' : 'were'} counted. `,
          html`计入<a href="#failures">失败 ${failures} 次</a>。`,
        )
      : t(html`Nothing failed. `, html`没有失败。`),
    tripped > 0
      ? t(
          html`<a href="#guards">Guards</a> tripped ${times}. `,
          html`<a href="#guards">有效性监视</a>触发 ${tripped} 次。`,
        )
      : null,
    result.outcome === 'complete'
      ? null
      : t(html`<strong>The run is ${outcome}.</strong> `, html`<strong>本次运行${outcome}。</strong>`),
  ];
}

export function summary(context: PageContext): Content {
  return html`${lead(context)}
<p class="summary">${performanceSentence(context)}${densitySentence(context)}${caveats(context)}${measuredSentence(context)}</p>`;
}

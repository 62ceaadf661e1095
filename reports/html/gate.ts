import type { GateCell, GateVerdict } from '../../bench/verdict/gate.ts';
import { titleIn } from '../titles.ts';
import { formatLevel, formatProbability, formatRatio, formatShare, formatValue } from '../units.ts';
import type { PageContext, Part, Tongue } from './context.ts';
import { type Content, html, type Markup } from './markup.ts';
import { dataTable, runnerName } from './pieces.ts';

/** The run against another configuration of its own: both in the same blocks of one session. */

const CHIPS: Readonly<Record<GateVerdict, string>> = {
  regression: 'does-not-hold',
  passed: 'holds',
  'not-resolved': 'not-resolved',
};

function chip(verdict: GateVerdict, { t }: Tongue): Markup {
  const words: Readonly<Record<GateVerdict, string>> = {
    regression: t('✗ regression', '✗ 退化'),
    passed: t('✓ passed', '✓ 通过'),
    'not-resolved': t('? not resolved', '? 未能判定'),
  };
  return html`<span class="chip ${CHIPS[verdict]}">${words[verdict]}</span>`;
}

function side({ n, failures, median }: GateCell['a'], unit: GateCell['unit'], { words }: Tongue): Content {
  const below = [words.n(n), ...(failures === 0 ? [] : [words.failed(failures)])].join(', ');
  return html`${median === null ? words.noValue : formatValue(median, unit)}<span class="below">${below}</span>`;
}

function row(cell: GateCell, isControl: boolean, context: PageContext) {
  const { view, lang, words, t } = context;
  const bound = (value: number | null) => (value === null ? t('none', '无') : formatRatio(value));
  return {
    cells: [
      runnerName(view.runner(cell.runner)),
      html`${titleIn(lang, cell.title)} <span class="quiet">${cell.key.split('/').slice(1, 3).join(', ')}</span>`,
      side(cell.a, cell.unit, context),
      side(cell.b, cell.unit, context),
      cell.worse === null ? words.noRatio : formatRatio(cell.worse),
      t(`${bound(cell.atLeast)} to ${bound(cell.atMost)}`, `${bound(cell.atLeast)} 至 ${bound(cell.atMost)}`),
      isControl
        ? html`<span class="quiet">${t('control, never gated', '对照，不参与判定')}</span>`
        : chip(cell.verdict, context),
    ],
  };
}

export function gatePart(context: PageContext): Part | null {
  const { gate, t } = context;
  if (gate === null) return null;
  const { maxRegression, level, cells, controls } = gate;
  const columns = [
    ...[t('runner', '运行器'), t('quantity', '指标')].map((heading) => ({ heading })),
    ...[
      t('baseline', '基准'),
      t('this configuration', '本配置'),
      t('times worse', '变差倍数'),
      t('at least, at most', '至少、至多'),
    ].map((heading) => ({ heading, numeric: true })),
    { heading: t('verdict', '结论') },
  ];
  const [allowed, held] = [formatShare(maxRegression), formatLevel(level)];
  const weakest = formatProbability(Math.max(...cells.map(({ smallestP }) => smallestP)));
  const explained = t(
    html`<p class="verdict">${chip(gate.verdict, context)} against <code>${gate.a.runId}</code></p>
<p>Both configurations were started in the same blocks, so that what the session did to one it did to the other. Above 1 is worse, whichever way the quantity is better. A cell is a regression when it is worse by more than ${allowed} for certain, and passed when it surely is not: each bound holds at ${held}, one-sided, so that all ${cells.length} together keep 95%. The smallest p that the fewest blocks here can give is ${weakest}.</p>`,
    html`<p class="verdict">${chip(gate.verdict, context)} 对照 <code>${gate.a.runId}</code></p>
<p>两种配置在相同的区组中启动，会话对二者的影响相同。大于 1 表示变差，与指标的优劣方向无关。确定变差超过 ${allowed} 即为退化，确定没有即为通过：每个单侧界限的水平为 ${held}，全部 ${cells.length} 项合起来保持 95%。此处最少的区组所能给出的最小 p 值为 ${weakest}。</p>`,
  );
  const rows = [...cells.map((cell) => row(cell, false, context)), ...controls.map((cell) => row(cell, true, context))];
  const caption = t('This configuration against its baseline', '本配置与基准之比');
  const body = html`${explained}${dataTable(caption, columns, rows)}`;
  return { id: 'gate', heading: t('Against the baseline', '与基准比较'), body, charts: [] };
}

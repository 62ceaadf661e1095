import type { RampSummary } from '../model/result.ts';
import type { Text } from '../model/text.ts';
import { type Claim, type Column, type Evidence, type HalfVerdict } from './claims.ts';
import { inOne, notUnderEmulation, withFailures } from './claims.ts';
import { decideColumn, type MeasuredCell } from './column.ts';

/** Rules that end a ramp because no more was asked for, or not for longer; every other one is a limit of the host or of the box. */
const OPEN = new Map<string, (launched: number) => Text>([
  ['ceiling', (at) => ({ en: `the ramp ended at its ceiling of ${at}`, zh: `到预定的上限 ${at} 个为止` })],
  ['time', (at) => ({ en: `the ramp's time was over at ${at}`, zh: `到 ${at} 个时规定的时间用完` })],
]);

/** Rules by what they are called in Chinese. */
export const RULE_NAMES: Readonly<Record<string, string>> = {
  memory: '内存下限',
  pressure: '内存压力',
  'slow-start': '启动过慢',
  'failed-start': '启动失败',
  'dead-instance': '实例无应答',
  'kernel-limit': '内核限制',
};

/** By order of magnitude: thousands begin at 1000; "dozens" are tens. */
interface Rule {
  readonly from: number;
  /** Where the class above begins. */
  readonly more: number;
  readonly words: Text;
}

const RULES: Readonly<Record<Column, Rule>> = {
  container: { from: 1000, more: 10_000, words: { en: 'a thousand or more', zh: '上千个' } },
  vm: { from: 10, more: 100, words: { en: 'dozens', zh: '几十个' } },
};

/** How many idle instances stood and answered at once. More than claimed holds; what the counts project decides nothing. */
export const density: Claim = {
  id: 'density',
  feature: { en: 'instances per host', zh: '系统支持量' },
  container: { en: 'thousands of containers', zh: '单机支持上千个容器' },
  vm: { en: 'usually dozens', zh: '一般几十个' },
  text: {
    en: 'One host carries over a thousand containers, but only dozens of VMs.',
    zh: '一台主机能承载上千个容器，虚拟机却只有几十个。',
  },
  decide: (evidence) => ({ container: half(evidence, 'container'), vm: half(evidence, 'vm') }),
};

function half(evidence: Evidence, column: Column): HalfVerdict {
  const wanted = { experiment: 'density', metric: 'achieved-idle' };
  return decideColumn(evidence, column, wanted, (cell) => {
    if (cell.accel === 'tcg') return notUnderEmulation([cell.key]);
    const ramps = evidence.ramps.filter(
      ({ runner, workload, arm }) => runner === cell.runner && workload === cell.workload && arm === 'idle',
    );
    const { verdict, reason } = decide(cell, ramps, RULES[column]);
    return { verdict, reason: withFailures(reason, cell.failures), evidence: [cell.key] };
  });
}

function decide(
  cell: MeasuredCell,
  ramps: readonly RampSummary[],
  { from, more, words }: Rule,
): Pick<HalfVerdict, 'verdict' | 'reason'> {
  const { lo, hi } = cell.ci ?? { lo: cell.median, hi: cell.median };
  const ends = ramps.map(endOf);
  const ended = howEnded(ends);
  const told = (found: Text): Text => inOne([found, ended]);
  if (lo >= more) return { verdict: 'holds', reason: told({ en: 'more than claimed', zh: '比原文所说的更多' }) };
  if (lo >= from) return { verdict: 'holds', reason: told(words) };
  // A ramp that no limit ended says only that there is room for as many.
  const open = ends.length === 0 || ends.some((end) => end.stop === null || OPEN.has(end.stop.rule));
  if (open) return { verdict: 'not-resolved', reason: ended };
  if (hi < from) {
    return { verdict: 'does-not-hold', reason: told({ en: 'fewer than claimed', zh: '比原文所说的更少' }) };
  }
  const across = {
    en: `the ramps reach from ${lo} to ${hi}, across ${from}`,
    zh: `各次从 ${lo} 到 ${hi}，跨过 ${from}`,
  };
  return { verdict: 'not-resolved', reason: told(across) };
}

interface End {
  readonly launched: number;
  readonly stop: { readonly rule: string; readonly message: string } | null;
}

function endOf({ steps }: RampSummary): End {
  const last = steps.at(-1);
  return { launched: last?.launched ?? 0, stop: last?.stop ?? null };
}

/** Which rule ended the ramps: each rule once, with what the first ramp that it ended saw. */
function howEnded(ends: readonly End[]): Text {
  if (ends.length === 0) return { en: 'no record says how the ramps ended', zh: '没有记录说明如何结束' };
  const byRule = Map.groupBy(ends, ({ stop }) => stop?.rule ?? null);
  const told = [...byRule].map(([rule, [first, ...others]]) => {
    const { en, zh } = endInWords(rule, first);
    if (byRule.size === 1) return { en, zh };
    const count = others.length + 1;
    return { en: `${count} of ${ends.length}: ${en}`, zh: `${ends.length} 次中有 ${count} 次：${zh}` };
  });
  return inOne(told);
}

function endInWords(rule: string | null, end: End | undefined): Text {
  if (rule === null) {
    return { en: 'the ramp was cut off before any rule ended it', zh: '还没有规则生效就被中断' };
  }
  const open = OPEN.get(rule)?.(end?.launched ?? 0);
  if (open) return { en: `${open.en}, not at a limit of the host`, zh: `${open.zh}，并非主机的极限` };
  const message = end?.stop?.message ?? '';
  return { en: `ended by ${rule}: ${message}`, zh: `由“${RULE_NAMES[rule] ?? rule}”规则终止` };
}

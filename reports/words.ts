import type { ClaimHalf, ComparisonVerdict, Result } from '../bench/model/result.ts';
import { reasonIn } from './titles.ts';
import { formatShare } from './units.ts';

export type Lang = 'en' | 'zh';

/** Every phrase of tare's own in one language. Reasons, messages and hints come from the data as they are. */
export interface Words {
  readonly feature: string;
  readonly container: string;
  readonly sandbox: string;
  readonly vm: string;
  readonly source: string;
  readonly claim: Readonly<Record<ClaimHalf['verdict'], string>>;
  readonly outcome: Readonly<Record<Result['outcome'], string>>;
  readonly comparison: (verdict: ComparisonVerdict, beyond: boolean, delta: number) => string;
  readonly needs: (blocks: number) => string;
  readonly notMeasured: string;
  readonly noRunner: string;
  readonly emulatedBelow: string;
  readonly n: (n: number) => string;
  readonly failed: (count: number) => string;
  readonly noValue: string;
  readonly belowLevel: (level: string) => string;
  readonly noInterval: string;
  readonly noRatio: string;
  readonly endedBy: (rules: string) => string;
  readonly projected: (value: string) => string;
  readonly notComparable: string;
  readonly ratios: string;
  readonly ratiosNote: string;
  readonly noRatios: string;
  readonly calibration: string;
  readonly calibrated: (rate: {
    readonly injected: string | null;
    readonly claimed: number;
    readonly wrong: number;
    readonly gates: number;
    readonly gateBlocks: number;
    readonly interval: string;
  }) => string;
  readonly emulatedNote: string;
  readonly harness: string;
  readonly harnessNote: string;
  readonly failures: string;
  readonly noFailures: string;
  readonly times: (count: number) => string;
  readonly guards: string;
  readonly tripped: (tripped: number, blocks: number) => string;
  readonly withoutMarked: (value: string, ratio: string | null, n: number) => string;
  readonly sameWithoutMarked: string;
  readonly otherWithoutMarked: (verdict: string) => string;
  readonly noGuards: string;
  readonly differences: string;
  readonly designed: string;
  readonly undeclared: string;
  readonly unavailable: string;
  readonly hint: string;
  readonly warnings: string;
  readonly origin: string;
  readonly blocks: (measured: number, pilot: number) => string;
  /** With a pilot, `needed` is what the precision takes; without one, what the profile asks for. */
  readonly frozen: (reason: string, needed: number | null, hasPilot: boolean) => string;
  readonly level: (level: string, comparisons: number) => string;
  readonly units: string;
  readonly cpus: (count: number) => string;
  readonly memory: (size: string) => string;
  readonly kvm: string;
  readonly noKvm: string;
}

const en: Words = {
  feature: 'feature',
  container: 'container',
  sandbox: 'sandbox',
  vm: 'virtual machine',
  source: 'source',
  claim: {
    holds: 'holds',
    'does-not-hold': 'does not hold',
    'not-resolved': 'not resolved',
    'not-assessable': 'not assessable here',
  },
  outcome: {
    complete: 'complete',
    interrupted: 'interrupted: only what was measured until then',
    failed: 'failed: only what was measured until then',
    cut: 'cut: the run was killed before its end',
  },
  comparison: (verdict, beyond, delta) => {
    if (verdict === 'not-resolved') return 'not resolved';
    if (verdict === 'equivalent') return `equivalent within ±${formatShare(delta)}`;
    return beyond ? `${verdict} by more than ${formatShare(delta)}` : verdict;
  },
  needs: (blocks) => `needs about ${blocks} blocks`,
  notMeasured: 'not measured in this run',
  noRunner: 'no runner in this run',
  emulatedBelow: 'emulated, not KVM: shown apart below',
  n: (n) => `n ${n}`,
  failed: (count) => `${count} failed`,
  noValue: 'no value',
  belowLevel: (level) => `at ${level} only`,
  noInterval: 'no interval',
  noRatio: 'no ratio',
  endedBy: (rules) => `ended by ${rules}`,
  projected: (value) => `projected, not achieved: ${value}`,
  notComparable: 'not comparable',
  ratios: 'Ratios to native',
  ratiosNote: 'median over blocks of runner / native in the same block; the interval is exact',
  noRatios: 'none: native was not measured, or nothing comparable beside it',
  calibration: 'runners against themselves',
  calibrated: ({ injected, claimed, wrong, gates, gateBlocks, interval }) =>
    injected === null
      ? `${claimed} of ${gates} comparisons of ${gateBlocks} blocks claimed a difference (${interval})`
      : `${injected} slower: found in ${claimed} of ${gates} comparisons of ${gateBlocks} blocks (${interval}), called faster in ${wrong}`,
  emulatedNote: 'software emulation: these values say nothing about KVM, so they have neither ratio nor verdict',
  harness: "The harness's own cost",
  harnessNote: 'the same path without a box; contained in every value above, not subtracted',
  failures: 'Failures',
  noFailures: 'none',
  times: (count) => `${count}×`,
  guards: 'Guards',
  tripped: (tripped, blocks) => `tripped in ${tripped} of ${blocks} blocks`,
  withoutMarked: (value, ratio, n) =>
    n === 0
      ? 'every block was marked'
      : `without the marked blocks ${value}${ratio === null ? '' : `, ratio ${ratio}`} (n ${n})`,
  sameWithoutMarked: 'the same without the blocks in which a guard tripped',
  otherWithoutMarked: (verdict) => `without the blocks in which a guard tripped: ${verdict}`,
  noGuards: 'none tripped',
  differences: 'Differences from the specification',
  designed: 'by design',
  undeclared: 'undeclared: not comparable',
  unavailable: 'Not run here',
  hint: 'hint',
  warnings: 'Warnings',
  origin: 'Where the numbers come from',
  blocks: (measured, pilot) => `${measured} measured blocks${pilot > 0 ? `, ${pilot} pilot blocks excluded` : ''}`,
  frozen: (reason, needed, hasPilot) => {
    const asked =
      needed === null ? '' : `; ${hasPilot ? 'the target precision needs' : 'the profile asks for'} ${needed}`;
    return `number of blocks fixed by ${reason}${asked}`;
  },
  level: (level, comparisons) =>
    `medians of block values; intervals from order statistics at ${level} or more (${comparisons} primary comparisons)`,
  units: 'units: decimal, 1 kB = 1000 B, 1 MB = 1000 kB; n counts blocks with a value',
  cpus: (count) => `${count} CPUs`,
  memory: (size) => `${size} of memory`,
  kvm: '/dev/kvm works',
  noKvm: 'no usable /dev/kvm',
};

const zh: Words = {
  feature: '特性',
  container: '容器',
  sandbox: '沙箱',
  vm: '虚拟机',
  source: '原文',
  claim: {
    holds: '成立',
    'does-not-hold': '不成立',
    'not-resolved': '未能判定',
    'not-assessable': '本机无法评估',
  },
  outcome: {
    complete: '完整',
    interrupted: '被中断：仅含中断前的测量',
    failed: '失败：仅含失败前的测量',
    cut: '被截断：运行在结束前被终止',
  },
  comparison: (verdict, beyond, delta) => {
    if (verdict === 'not-resolved') return '未能判定';
    if (verdict === 'equivalent') return `等效（±${formatShare(delta)} 以内）`;
    const word = verdict === 'slower' ? '较慢' : '较快';
    return beyond ? `${word}（超过 ${formatShare(delta)}）` : word;
  },
  needs: (blocks) => `约需 ${blocks} 个区组`,
  notMeasured: '本次未测量',
  noRunner: '本次没有对应的运行器',
  emulatedBelow: '仿真，非 KVM：在下方单独列出',
  n: (n) => `n ${n}`,
  failed: (count) => `失败 ${count} 次`,
  noValue: '无数值',
  belowLevel: (level) => `水平仅 ${level}`,
  noInterval: '无区间',
  noRatio: '无比值',
  endedBy: (rules) => `终止规则：${rules}`,
  projected: (value) => `推算值，并未达到：${value}`,
  notComparable: '不可比较',
  ratios: '与原生之比',
  ratiosNote: '同一区组内 运行器 / 原生 之比的中位数；区间为精确区间',
  noRatios: '无：未测量原生，或没有可比较的数值',
  calibration: '运行器与自身比较',
  calibrated: ({ injected, claimed, wrong, gates, gateBlocks, interval }) =>
    injected === null
      ? `${gates} 次比较（每次 ${gateBlocks} 个区组）中有 ${claimed} 次判为不同（${interval}）`
      : `减速 ${injected}：${gates} 次比较（每次 ${gateBlocks} 个区组）中发现 ${claimed} 次（${interval}），判为较快 ${wrong} 次`,
  emulatedNote: '软件仿真：这些数值不能说明 KVM，因此没有比值，也没有结论',
  harness: '测试程序自身的开销',
  harnessNote: '同一路径、没有隔离层；已包含在以上各值中，未扣除',
  failures: '失败',
  noFailures: '无',
  times: (count) => `${count} 次`,
  guards: '有效性监视',
  tripped: (tripped, blocks) => `${blocks} 个区组中有 ${tripped} 个触发`,
  withoutMarked: (value, ratio, n) =>
    n === 0 ? '所有区组均被标记' : `去掉被标记的区组后为 ${value}${ratio === null ? '' : `，比值 ${ratio}`}（n ${n}）`,
  sameWithoutMarked: '去掉监视项触发的区组后结论不变',
  otherWithoutMarked: (verdict) => `去掉监视项触发的区组后：${verdict}`,
  noGuards: '均未触发',
  differences: '与规格的差异',
  designed: '设计如此',
  undeclared: '未声明：不可比较',
  unavailable: '本机未运行',
  hint: '建议',
  warnings: '警告',
  origin: '数值来源',
  blocks: (measured, pilot) => `${measured} 个测量区组${pilot > 0 ? `，另有 ${pilot} 个试验区组不计入` : ''}`,
  frozen: (reason, needed, hasPilot) => {
    const asked = needed === null ? '' : `；${hasPilot ? '达到目标精度需要' : '配置档要求'} ${needed} 个`;
    return `区组数由${reasonIn('zh', reason)}决定${asked}`;
  },
  level: (level, comparisons) =>
    `区组数值的中位数；区间取自次序统计量，水平不低于 ${level}（${comparisons} 项主要比较）`,
  units: '单位为十进制，1 kB = 1000 B，1 MB = 1000 kB；n 为有数值的区组数',
  cpus: (count) => `${count} 个 CPU`,
  memory: (size) => `内存 ${size}`,
  kvm: '/dev/kvm 可用',
  noKvm: '没有可用的 /dev/kvm',
};

export const WORDS: Readonly<Record<Lang, Words>> = { en, zh };

import type { RatioToNative } from '../model/result.ts';
import type { Text } from '../model/text.ts';
import { type Claim, type Column, type Evidence, type EvidenceCell, type HalfVerdict } from './claims.ts';
import { inOne, notAssessable, notUnderEmulation } from './claims.ts';
import { decideCells, unfit } from './column.ts';
import { ratioInWords, type Side, sideOf } from './ratios.ts';

const EXPERIMENT = 'throughput';
/** The harness's own cost is no program that anything could be measured against. */
const HARNESS = 'null';

/** What a half demands of every primary program's ratio, turned so that more is better. */
interface Rule {
  readonly threshold: number;
  readonly claimed: 'above' | 'below';
  readonly ratio: (cell: EvidenceCell) => RatioToNative | null;
  /** What the ratio is to. */
  readonly base: (evidence: Evidence) => Text;
  readonly words: Readonly<Record<'above' | 'below', (base: Text) => Text>>;
}

const NEAR_NATIVE = 0.95;

const RULES: Readonly<Record<Column, Rule>> = {
  container: {
    threshold: NEAR_NATIVE,
    claimed: 'above',
    ratio: (cell) => cell.ratioToNative,
    base: () => ({ en: 'native', zh: '原生' }),
    words: {
      above: ({ en, zh }) => ({ en: `above ${NEAR_NATIVE} of ${en}`, zh: `高于${zh}的 ${NEAR_NATIVE}` }),
      below: ({ en, zh }) => ({ en: `below ${NEAR_NATIVE} of ${en}`, zh: `低于${zh}的 ${NEAR_NATIVE}` }),
    },
  },
  vm: {
    threshold: 1,
    claimed: 'below',
    ratio: (cell) => cell.ratioToContainer,
    base: ({ columns: { container } }) => {
      return container === null ? { en: 'the container', zh: '容器' } : { en: container, zh: ` ${container} ` };
    },
    words: {
      above: ({ en, zh }) => ({ en: `stronger than ${en}`, zh: `强于${zh}`.trimEnd() }),
      below: ({ en, zh }) => ({ en: `weaker than ${en}`, zh: `弱于${zh}`.trimEnd() }),
    },
  },
};

/**
 * Near native: above 0.95 of native in every primary program. Weaker: below the container in every one. What holds for some
 * and not for others is mixed: one program on the wrong side refutes "every".
 */
export const performance: Claim = {
  id: 'performance',
  feature: { en: 'performance', zh: '性能' },
  container: { en: 'near native', zh: '接近原生' },
  vm: { en: 'weaker', zh: '弱于' },
  text: {
    en: 'Programs in a container run at nearly native speed, in a VM slower.',
    zh: '程序在容器中的速度接近原生，在虚拟机中则较慢。',
  },
  decide: (evidence) => ({ container: half(evidence, 'container'), vm: half(evidence, 'vm') }),
};

/** Every primary program that any runner was asked for, by what names it. */
function programs(evidence: Evidence): readonly string[] {
  const primary = evidence.cells.filter(
    (cell) => cell.experiment === EXPERIMENT && cell.primary && cell.runner !== HARNESS,
  );
  return [...new Set(primary.map(programOf))];
}

function programOf({ workload, metric }: EvidenceCell): string {
  return `${workload} ${metric}`;
}

interface Standing extends Side {
  readonly program: string;
  readonly cell: EvidenceCell | null;
  readonly ratio: RatioToNative | null;
}

function half(evidence: Evidence, column: Column): HalfVerdict {
  const wanted = {
    experiment: EXPERIMENT,
    what: { en: 'a primary program', zh: '主要程序' },
    fits: (cell: EvidenceCell) => cell.primary,
  };
  return decideCells(evidence, column, wanted, (cells) => {
    const keys = cells.map(({ key }) => key);
    const [first] = cells;
    if (first.accel === 'tcg') return notUnderEmulation(keys);
    const refused = cells.map((cell) => unfit(cell, column)).find((verdict) => verdict !== null);
    if (refused) return { ...refused, evidence: keys };
    const rule = RULES[column];
    const standings = programs(evidence).map((program) => standing(program, cells, rule));
    return { ...decide(standings, rule, rule.base(evidence)), evidence: keys };
  });
}

function standing(program: string, cells: readonly EvidenceCell[], rule: Rule): Standing {
  const cell = cells.find((candidate) => programOf(candidate) === program) ?? null;
  const ratio = cell && rule.ratio(cell);
  const side = cell && ratio ? sideOf(ratio, cell.better, rule.threshold) : NOWHERE;
  return { program, cell, ratio, ...side };
}

const NOWHERE: Side = { side: 'unknown', needsBlocks: null };

function decide(standings: readonly Standing[], rule: Rule, base: Text): HalfVerdict {
  const on = (...sides: readonly Side['side'][]) => standings.filter(({ side }) => sides.includes(side));
  const { claimed } = rule;
  const wrong = claimed === 'above' ? 'below' : 'above';
  const [right, against, open] = [on(claimed), on(wrong), on('across', 'unknown')];
  if (right.length === standings.length) return verdictOf('holds', inAll(rule.words[claimed](base), standings.length));
  if (against.length === standings.length) {
    return verdictOf('does-not-hold', inAll(rule.words[wrong](base), standings.length));
  }
  if (standings.every(({ ratio }) => ratio === null)) {
    return notAssessable({ en: `no program has a ratio to ${base.en}`, zh: `没有程序有相对于${base.zh}的比值` });
  }
  const parts = [
    right.length > 0 ? inSome(rule.words[claimed](base), right.length, standings.length) : null,
    against.length > 0 ? naming(rule.words[wrong](base), against) : null,
    open.length > 0 ? unresolved(open) : null,
  ];
  const told = inOne(parts.filter((part) => part !== null));
  if (against.length === 0) return verdictOf('not-resolved', told);
  return verdictOf('does-not-hold', right.length > 0 ? { en: `mixed: ${told.en}`, zh: `结果不一：${told.zh}` } : told);
}

function verdictOf(verdict: HalfVerdict['verdict'], reason: Text): HalfVerdict {
  return { verdict, reason, evidence: [] };
}

function inAll({ en, zh }: Text, count: number): Text {
  if (count === 1) return { en: `${en} in its only program`, zh: `唯一的程序${zh}` };
  return { en: `${en} in all ${count} programs`, zh: `全部 ${count} 个程序均${zh}` };
}

function inSome({ en, zh }: Text, count: number, all: number): Text {
  return { en: `${en} in ${count} of ${all} programs`, zh: `${all} 个程序中有 ${count} 个${zh}` };
}

function naming({ en, zh }: Text, standings: readonly Standing[]): Text {
  const told = inOne(standings.map(inWords), { en: ', ', zh: '，' });
  return { en: `${en}: ${told.en}`, zh: `${zh}：${told.zh}` };
}

/** A program with its ratio. */
function inWords({ program, cell, ratio }: Standing): Text {
  if (!ratio) return { en: program, zh: program };
  const shown = `${program} ${ratioInWords(ratio)}`;
  if (cell?.better === 'lower') return { en: `${shown}, less is better`, zh: `${shown}，越小越好` };
  return { en: shown, zh: shown };
}

/** Programs that are open, and about how many blocks they would need, told in words once; then those without a ratio, and why. */
function unresolved(open: readonly Standing[]): Text {
  let explained = false;
  const told = open
    .toSorted((a, b) => Number(a.ratio === null) - Number(b.ratio === null))
    .map((one): Text => {
      const { program, ratio, needsBlocks } = one;
      if (ratio === null) return whyNone(one);
      if (needsBlocks === null) return { en: program, zh: program };
      const words = explained
        ? { en: `${needsBlocks}`, zh: `${needsBlocks}` }
        : { en: `needs about ${needsBlocks} blocks`, zh: `约需 ${needsBlocks} 个区组` };
      explained = true;
      return { en: `${program} (${words.en})`, zh: `${program}（${words.zh}）` };
    });
  const list = inOne(told, { en: ', ', zh: '，' });
  return { en: `not resolved: ${list.en}`, zh: `未能判定：${list.zh}` };
}

function whyNone({ program, cell }: Standing): Text {
  if (!cell) return { en: `${program} was not measured`, zh: `${program} 未测量` };
  if (cell.n > 0 || cell.failures === 0) return { en: `${program} has no ratio`, zh: `${program} 没有比值` };
  return { en: `${program} has ${cell.failures} failures`, zh: `${program} 失败 ${cell.failures} 次` };
}

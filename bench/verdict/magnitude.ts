import type { Text } from '../model/text.ts';
import { type HalfVerdict, withFailures } from './claims.ts';
import type { MeasuredCell } from './column.ts';

/** Orders of magnitude from the smallest up; each begins at `from` and ends where the next one begins. */
export type Scale = readonly { readonly name: Text; readonly from: number }[];

export interface MagnitudeRule {
  readonly scale: Scale;
  /** The English name of the class that the source claims. */
  readonly claimed: string;
  /** What a smaller class means for the claim, and the words that say so. */
  readonly smaller: { readonly verdict: 'holds' | 'does-not-hold'; readonly words: Text };
  /** The words for a larger class: the claim does not hold then. */
  readonly larger: Text;
  /** Counted rather than sampled: the value itself decides where there is no interval. */
  readonly counted: boolean;
}

/** The level below which the interval of a sampled metric decides nothing. */
const LEAST_LEVEL = 0.95;

/** Puts a cell's interval into a class and holds it against the claimed one. An interval across a boundary is not resolved. */
export function decideMagnitude(cell: MeasuredCell, rule: MagnitudeRule): HalfVerdict {
  const ci = trusted(cell, rule);
  const decided = (verdict: HalfVerdict['verdict'], words: Text): HalfVerdict => ({
    verdict,
    reason: withFailures(words, cell.failures),
    evidence: [cell.key],
  });
  if (!ci) {
    return decided('not-resolved', { en: 'too few blocks for a 95% interval', zh: '区组太少，得不到 95% 的区间' });
  }
  const lowest = classOf(ci.lo, rule.scale);
  const highest = classOf(ci.hi, rule.scale);
  if (lowest !== highest) {
    const [from, to] = [nameOf(lowest, rule), nameOf(highest, rule)];
    return decided('not-resolved', {
      en: `the interval reaches from ${from.en} to ${to.en}`,
      zh: `区间从“${from.zh}”跨到“${to.zh}”`,
    });
  }
  const claimed = rule.scale.findIndex((step) => step.name.en === rule.claimed);
  if (lowest === claimed) {
    const { en, zh } = nameOf(lowest, rule);
    return decided('holds', { en: `in the class "${en}"`, zh: `属于“${zh}”这一级` });
  }
  if (lowest < claimed) return decided(rule.smaller.verdict, rule.smaller.words);
  return decided('does-not-hold', rule.larger);
}

/** What few blocks give, such as the 75% of [min, max] over 3, is shown but decides nothing about a sampled metric. */
function trusted(cell: MeasuredCell, rule: MagnitudeRule): { readonly lo: number; readonly hi: number } | null {
  if (rule.counted) return cell.ci ?? { lo: cell.median, hi: cell.median };
  return cell.level !== null && cell.level >= LEAST_LEVEL ? cell.ci : null;
}

function classOf(value: number, scale: Scale): number {
  return Math.max(
    0,
    scale.findLastIndex((step) => value >= step.from),
  );
}

function nameOf(index: number, rule: MagnitudeRule): Text {
  return rule.scale[index]?.name ?? { en: rule.claimed, zh: rule.claimed };
}

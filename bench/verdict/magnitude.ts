import type { HalfVerdict } from './claims.ts';
import type { MeasuredCell } from './column.ts';

/** Orders of magnitude from the smallest up; each begins at `from` and ends where the next one begins. */
export type Scale = readonly { readonly name: string; readonly from: number }[];

export interface MagnitudeRule {
  readonly scale: Scale;
  /** The name of the class that the source claims. */
  readonly claimed: string;
  /** What a smaller class means for the claim, and the words that say so. */
  readonly smaller: { readonly verdict: 'holds' | 'does-not-hold'; readonly words: string };
  /** The words for a larger class: the claim does not hold then. */
  readonly larger: string;
  /** Counted rather than sampled: the value itself decides where there is no interval. */
  readonly counted: boolean;
}

/** The level below which the interval of a sampled metric decides nothing. */
const LEAST_LEVEL = 0.95;

/** Puts a cell's interval into a class and holds it against the claimed one. An interval across a boundary is not resolved. */
export function decideMagnitude(cell: MeasuredCell, rule: MagnitudeRule): HalfVerdict {
  const ci = trusted(cell, rule);
  const decided = (verdict: HalfVerdict['verdict'], words: string): HalfVerdict => ({
    verdict,
    reason: cell.failures > 0 ? `${words}; ${cell.failures} failed` : words,
    evidence: [cell.key],
  });
  if (!ci) return decided('not-resolved', 'too few blocks for a 95% interval');
  const lowest = classOf(ci.lo, rule.scale);
  const highest = classOf(ci.hi, rule.scale);
  if (lowest !== highest) {
    return decided('not-resolved', `the interval reaches from ${nameOf(lowest, rule)} to ${nameOf(highest, rule)}`);
  }
  const claimed = rule.scale.findIndex((step) => step.name === rule.claimed);
  if (lowest === claimed) return decided('holds', `in the class "${nameOf(lowest, rule)}"`);
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

function nameOf(index: number, rule: MagnitudeRule): string {
  return rule.scale[index]?.name ?? rule.claimed;
}

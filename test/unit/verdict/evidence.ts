import { CATALOGUE } from '../../../bench/verdict/catalogue.ts';
import {
  type Column,
  decideClaims,
  type Evidence,
  type EvidenceCell,
  type HalfVerdict,
} from '../../../bench/verdict/claims.ts';
import type { RatioToNative } from '../../../bench/model/result.ts';

/** Evidence for the tests of single claims. */

export const BOXES = {
  native: { runner: 'native', isolation: 'none', accel: 'none' },
  docker: { runner: 'docker', isolation: 'container', accel: 'none' },
  kvm: { runner: 'kvm', isolation: 'vm', accel: 'kvm' },
  tcg: { runner: 'tcg', isolation: 'vm', accel: 'tcg' },
} as const;

export type Box = keyof typeof BOXES;

export function evidenceCell(
  box: Box,
  [experiment, workload, metric]: readonly [string, string, string],
  change: Partial<EvidenceCell> = {},
): EvidenceCell {
  return {
    key: `${BOXES[box].runner}/${experiment}/${workload}/${metric}`,
    ...BOXES[box],
    ...{ experiment, workload, metric, unit: '1/s', better: 'higher', primary: true },
    ...{ n: 12, failures: 0, median: 1000, ci: { lo: 990, hi: 1010 }, level: 0.99, comparable: true },
    ...{ ratioToNative: null, ratioToContainer: null },
    ...change,
  };
}

/** A ratio whose interval is [lo, hi], its value in the middle (of the logarithms). */
export function ratio(lo: number, hi: number | null, change: Partial<RatioToNative> = {}): RatioToNative {
  return {
    value: hi === null ? lo * 2 : Math.sqrt(lo * hi),
    ci: { lo, hi, level: 0.99 },
    ...{ n: 12, withoutNative: 0, smallestP: 2 ** -11, verdict: 'not-resolved', beyondDelta: false, needsBlocks: null },
    ...change,
  };
}

/** A verdict with its reason in English, which tests read. */
export type HalfInWords = Omit<HalfVerdict, 'reason'> & { readonly reason: string; readonly zh: string };

/** What the catalogue says of one half. The Chinese reason never lacks where the English one is there. */
export function halfOf(
  id: string,
  column: Column,
  evidence: Partial<Omit<Evidence, 'columns'>> & { readonly columns?: Partial<Evidence['columns']> },
): HalfInWords {
  const columns = { container: 'docker', vm: 'kvm', ...evidence.columns };
  const claims = decideClaims(CATALOGUE, { cells: [], ramps: [], vmImage: 'our minimal build', ...evidence, columns });
  const half = claims.find((claim) => claim.id === id)?.halves.find((candidate) => candidate.column === column);
  if (!half) throw new RangeError(`there is no claim ${id}`);
  const { en, zh } = half.reason;
  if (!/\p{Script=Han}/u.test(zh) || en === '') throw new RangeError(`"${en}" has no Chinese: "${zh}"`);
  return { ...half, reason: en, zh };
}

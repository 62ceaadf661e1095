import type { Better, Unit } from '../model/metric.ts';
import type { ClaimHalf, ClaimResult, RampSummary, RatioToNative } from '../model/result.ts';
import type { Accelerator, Isolation } from '../model/runner.ts';
import type { Text } from '../model/text.ts';

export type Column = 'container' | 'vm';

/** What a claim may know about one cell. */
export interface EvidenceCell {
  /** `runner/experiment/workload/metric`; a verdict points to it. */
  readonly key: string;
  readonly runner: string;
  readonly isolation: Isolation;
  readonly accel: Accelerator;
  readonly experiment: string;
  readonly workload: string;
  readonly metric: string;
  readonly unit: Unit;
  readonly better: Better;
  readonly primary: boolean;
  /** Blocks with a value. */
  readonly n: number;
  readonly failures: number;
  readonly median: number | null;
  /** Ends may be infinite where failures reach them. */
  readonly ci: { readonly lo: number; readonly hi: number } | null;
  /** What `ci` attains; null without one. */
  readonly level: number | null;
  /** False when an undeclared difference between the instances was read back. */
  readonly comparable: boolean;
  /** Null where the metric is not compared, or nothing comparable stands on one side. */
  readonly ratioToNative: RatioToNative | null;
  /** Of a VM: against the runner that stands for the container column, block by block; else null. */
  readonly ratioToContainer: RatioToNative | null;
}

export interface Evidence {
  readonly cells: readonly EvidenceCell[];
  /** Which runner stands for which column, by the id of its cells; null where none ran. */
  readonly columns: Readonly<Record<Column, string | null>>;
  /** Where the VM's image comes from, as it stands in a sentence: `our minimal build`. */
  readonly vmImage: string;
  readonly ramps: readonly RampSummary[];
}

/** The verdict on one half of a row. `evidence` holds cell keys. */
export type HalfVerdict = Pick<ClaimHalf, 'verdict' | 'reason' | 'evidence'>;

/** One row of the source's table and the rule that decides it. */
export interface Claim {
  readonly id: string;
  readonly feature: Text;
  /** The source's cell about containers. */
  readonly container: Text;
  /** The source's cell about VMs. */
  readonly vm: Text;
  /** The whole claim in our own words. */
  readonly text: Text;
  /** Each half on its own: one may hold while the other does not. */
  decide(evidence: Evidence): Readonly<Record<Column, HalfVerdict>>;
}

/** Decides every claim, in the order of the catalogue. */
export function decideClaims(catalogue: readonly Claim[], evidence: Evidence): readonly ClaimResult[] {
  return catalogue.map((claim) => {
    const verdicts = claim.decide(evidence);
    return {
      id: claim.id,
      feature: claim.feature,
      halves: [
        { column: 'container', source: claim.container, ...verdicts.container, withoutMarked: null },
        { column: 'vm', source: claim.vm, ...verdicts.vm, withoutMarked: null },
      ],
    };
  });
}

export function notAssessable(reason: Text, evidence: readonly string[] = []): HalfVerdict {
  return { verdict: 'not-assessable', reason, evidence };
}

/** A half about an emulated runner's times or counts. */
export function notUnderEmulation(evidence: readonly string[]): HalfVerdict {
  return notAssessable({ en: 'emulated: no /dev/kvm was used', zh: '仿真：没有使用 /dev/kvm' }, evidence);
}

/** Several texts as one, as each language separates them. */
export function inOne(texts: readonly Text[], separator: Text = { en: '; ', zh: '；' }): Text {
  return {
    en: texts.map(({ en }) => en).join(separator.en),
    zh: texts.map(({ zh }) => zh).join(separator.zh),
  };
}

/** What failed beside a reason, where anything did. */
export function withFailures(reason: Text, failures: number): Text {
  return failures === 0 ? reason : inOne([reason, { en: `${failures} failed`, zh: `失败 ${failures} 次` }]);
}

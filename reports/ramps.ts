import type { Cell, RampSummary, Result } from '../bench/model/result.ts';
import type { RampStep } from '../bench/model/journal.ts';

/** Ramps of instances, and how they ended. */

export function lastStep({ steps }: RampSummary): RampStep | null {
  return steps.at(-1) ?? null;
}

/** The rules that ended the ramps behind a count of instances, with how often where they differ; null for any other cell. */
export function endedBy(
  { ramps }: Result,
  { experiment, metric, runner, workload }: Cell,
  nameOf: (rule: string) => string,
): string | null {
  if (experiment !== 'density') return null;
  const own = ramps.filter(
    (ramp) => ramp.runner === runner && ramp.workload === workload && metric === `achieved-${ramp.arm}`,
  );
  const rules = [...Map.groupBy(own, (ramp) => lastStep(ramp)?.stop?.rule ?? 'no rule')];
  if (rules.length === 0) return null;
  return rules
    .map(([rule, ended]) => (rules.length === 1 ? nameOf(rule) : `${nameOf(rule)} (${ended.length}×)`))
    .join(', ');
}

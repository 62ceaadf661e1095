import { type Column, type Evidence, type EvidenceCell, type HalfVerdict, notAssessable } from './claims.ts';

/** A cell that has a value. */
export type MeasuredCell = EvidenceCell & { readonly median: number };

export interface Wanted {
  readonly experiment: string;
  readonly metric: string;
}

const FITTING = { container: ['container', 'sandbox'], vm: ['vm'] } as const;

/**
 * Decides one half from the cells of the runner that stands for the column, one for each workload; or says why there is
 * nothing to decide. Workloads that disagree leave it not resolved.
 */
export function decideColumn(
  evidence: Evidence,
  column: Column,
  wanted: Wanted,
  decideCell: (cell: MeasuredCell) => HalfVerdict,
): HalfVerdict {
  const runner = evidence.columns[column];
  if (!evidence.cells.some((cell) => cell.experiment === wanted.experiment)) {
    return notAssessable('not measured in this run');
  }
  if (runner === null) return notAssessable(`no runner for the ${column} column in this run`);
  const cells = evidence.cells.filter(
    (cell) => cell.runner === runner && cell.experiment === wanted.experiment && cell.metric === wanted.metric,
  );
  if (cells.length === 0) return notAssessable(`${runner} has no value of ${wanted.metric} in this run`);
  return combine(
    cells.map((cell) => {
      const { median } = cell;
      if (median === null) return withoutValue(cell);
      return unfit(cell, column) ?? decideCell({ ...cell, median });
    }),
  );
}

/** Why a cell cannot decide anything, whatever its value. */
function unfit(cell: EvidenceCell, column: Column): HalfVerdict | null {
  const fitting: readonly string[] = FITTING[column];
  if (!fitting.includes(cell.isolation)) {
    return notAssessable(`${cell.runner} has isolation "${cell.isolation}" and cannot stand for the ${column} column`);
  }
  if (!cell.comparable) return notAssessable('not comparable: an undeclared difference was read back', [cell.key]);
  return null;
}

function withoutValue(cell: EvidenceCell): HalfVerdict {
  const { failures, n } = cell;
  const reason = n > 0 ? `no finite median: ${failures} of ${n + failures} failed` : `no value: ${failures} failed`;
  return notAssessable(failures > 0 ? reason : 'no value', [cell.key]);
}

function combine(halves: readonly HalfVerdict[]): HalfVerdict {
  const [first, ...others] = halves;
  if (!first) return notAssessable('no value');
  if (others.length === 0) return first;
  const agree = others.every((half) => half.verdict === first.verdict);
  const reasons = halves.map((half) => half.reason).join('; ');
  return {
    verdict: agree ? first.verdict : 'not-resolved',
    reason: agree ? reasons : `the workloads disagree: ${reasons}`,
    evidence: halves.flatMap((half) => half.evidence),
  };
}

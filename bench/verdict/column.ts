import type { Text } from '../model/text.ts';
import { type Column, type Evidence, type EvidenceCell, type HalfVerdict, inOne, notAssessable } from './claims.ts';

/** A cell that has a value. */
export type MeasuredCell = EvidenceCell & { readonly median: number };

/** Which cells of the column's runner a rule is about, and what to call them where there are none. */
export interface Wanted {
  readonly experiment: string;
  readonly what: Text;
  readonly fits: (cell: EvidenceCell) => boolean;
}

const COLUMN: Readonly<Record<Column, Text>> = {
  container: { en: 'the container column', zh: '容器一列' },
  vm: { en: 'the vm column', zh: '虚拟机一列' },
};

const NO_VALUE: Text = { en: 'no value', zh: '没有数值' };

const FITTING = { container: ['container', 'sandbox'], vm: ['vm'] } as const;

/**
 * Decides one half from the cells of the runner that stands for the column, at least one; or says why there is nothing to
 * decide. Cells without a value are among them.
 */
export function decideCells(
  evidence: Evidence,
  column: Column,
  wanted: Wanted,
  decide: (cells: readonly [EvidenceCell, ...EvidenceCell[]]) => HalfVerdict,
): HalfVerdict {
  const runner = evidence.columns[column];
  const about = evidence.cells.filter((cell) => cell.experiment === wanted.experiment);
  if (about.length === 0) return notAssessable({ en: 'not measured in this run', zh: '本次运行没有测量' });
  const { en, zh } = COLUMN[column];
  if (runner === null)
    return notAssessable({ en: `no runner for ${en} in this run`, zh: `本次运行没有对应${zh}的运行器` });
  const [first, ...others] = about.filter((cell) => cell.runner === runner && wanted.fits(cell));
  if (!first) {
    const { what } = wanted;
    return notAssessable({
      en: `${runner} has no value of ${what.en} in this run`,
      zh: `本次运行中 ${runner} 没有${what.zh}的数值`,
    });
  }
  return decide([first, ...others]);
}

/** As decideCells() for one metric, its cells one by one, one for each workload. Workloads that disagree leave it not resolved. */
export function decideColumn(
  evidence: Evidence,
  column: Column,
  { experiment, metric }: { readonly experiment: string; readonly metric: string },
  decideCell: (cell: MeasuredCell) => HalfVerdict,
): HalfVerdict {
  const what = { en: metric, zh: ` ${metric} ` };
  const wanted: Wanted = { experiment, what, fits: (cell) => cell.metric === metric };
  return decideCells(evidence, column, wanted, (cells) =>
    combine(
      cells.map((cell) => {
        const { median } = cell;
        if (median === null) return withoutValue(cell);
        return unfit(cell, column) ?? decideCell({ ...cell, median });
      }),
    ),
  );
}

/** Why a cell cannot decide anything, whatever its value; null where it can. */
export function unfit(cell: EvidenceCell, column: Column): HalfVerdict | null {
  const fitting: readonly string[] = FITTING[column];
  if (!fitting.includes(cell.isolation)) {
    const { en, zh } = COLUMN[column];
    return notAssessable({
      en: `${cell.runner} has isolation "${cell.isolation}" and cannot stand for ${en}`,
      zh: `${cell.runner} 的隔离方式是“${cell.isolation}”，不能代表${zh}`,
    });
  }
  if (!cell.comparable) {
    const reason = {
      en: 'not comparable: an undeclared difference was read back',
      zh: '不可比较：读回的限制中有未声明的差异',
    };
    return notAssessable(reason, [cell.key]);
  }
  return null;
}

function withoutValue(cell: EvidenceCell): HalfVerdict {
  const { failures, n } = cell;
  if (failures === 0) return notAssessable(NO_VALUE, [cell.key]);
  const reason =
    n > 0
      ? {
          en: `no finite median: ${failures} of ${n + failures} failed`,
          zh: `中位数不是有限值：${n + failures} 次中失败 ${failures} 次`,
        }
      : { en: `no value: ${failures} failed`, zh: `没有数值：失败 ${failures} 次` };
  return notAssessable(reason, [cell.key]);
}

function combine(halves: readonly HalfVerdict[]): HalfVerdict {
  const [first, ...others] = halves;
  if (!first) return notAssessable(NO_VALUE);
  if (others.length === 0) return first;
  const agree = others.every((half) => half.verdict === first.verdict);
  const reasons = inOne(halves.map((half) => half.reason));
  return {
    verdict: agree ? first.verdict : 'not-resolved',
    reason: agree
      ? reasons
      : { en: `the workloads disagree: ${reasons.en}`, zh: `各工作负载的结论不一致：${reasons.zh}` },
    evidence: halves.flatMap((half) => half.evidence),
  };
}

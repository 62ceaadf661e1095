import type { Claim, Column, Evidence, HalfVerdict } from './claims.ts';
import { decideColumn, type MeasuredCell } from './column.ts';
import { decideMagnitude, type MagnitudeRule } from './magnitude.ts';

const SCALE = [
  { name: 'below a MB', from: 0 },
  { name: 'MB', from: 1e6 },
  { name: 'GB', from: 1e9 },
  { name: 'TB', from: 1e12 },
] as const;

/** Told beside the deciding metric, in this order. */
const BESIDE = ['marginal-ready', 'marginal-data', 'distribution'];

/**
 * A small container image is better than claimed. A small VM image is not: the source says that VMs need GB, and whether
 * they usually do cannot be told from the image that we happen to start.
 */
function rules(vmImage: string): Readonly<Record<Column, MagnitudeRule>> {
  const common = { scale: SCALE, larger: 'larger than claimed', counted: true };
  return {
    container: { ...common, claimed: 'MB', smaller: { verdict: 'holds', words: 'smaller than claimed' } },
    vm: {
      ...common,
      claimed: 'GB',
      smaller: {
        verdict: 'does-not-hold',
        words: `smaller than claimed; the image is ${vmImage}, which cannot test what is usual`,
      },
    },
  };
}

/** Order of magnitude (decimal) of the bytes allocated by the image; a value under emulation counts like any other. */
export const disk: Claim = {
  id: 'disk',
  feature: { en: 'disk use', zh: '硬盘使用' },
  container: { en: 'usually MB', zh: '一般为 MB' },
  vm: { en: 'usually GB', zh: '一般为 GB' },
  text: {
    en: 'Container images take megabytes of disk, VM images gigabytes.',
    zh: '容器镜像占用的硬盘以 MB 计，虚拟机镜像以 GB 计。',
  },
  decide: (evidence) => ({ container: half(evidence, 'container'), vm: half(evidence, 'vm') }),
};

function half(evidence: Evidence, column: Column): HalfVerdict {
  return decideColumn(evidence, column, { experiment: 'disk', metric: 'image' }, (cell) => {
    const decided = decideMagnitude(cell, rules(evidence.vmImage)[column]);
    const others = beside(evidence, cell);
    if (others.length === 0) return decided;
    const told = others.map((other) => `${other.metric} ${showBytes(other.median)}`).join(', ');
    return {
      ...decided,
      reason: `${decided.reason}; beside it ${told}`,
      evidence: [...decided.evidence, ...others.map((other) => other.key)],
    };
  });
}

/** The other disk metrics of the same runner and workload that have a value. */
function beside(evidence: Evidence, cell: MeasuredCell): readonly MeasuredCell[] {
  return BESIDE.flatMap((metric) =>
    evidence.cells
      .filter((other) => other.metric === metric && other.experiment === cell.experiment)
      .filter((other) => other.runner === cell.runner && other.workload === cell.workload)
      .flatMap((other) => (other.median === null ? [] : [{ ...other, median: other.median }])),
  );
}

function showBytes(bytes: number): string {
  const magnitude = Math.abs(bytes);
  if (magnitude >= 1e12) return `${(bytes / 1e12).toPrecision(3)} TB`;
  if (magnitude >= 1e9) return `${(bytes / 1e9).toPrecision(3)} GB`;
  if (magnitude >= 1e6) return `${(bytes / 1e6).toPrecision(3)} MB`;
  return `${(bytes / 1e3).toPrecision(3)} kB`;
}

import type { Text } from '../model/text.ts';
import { type Claim, type Column, type Evidence, type HalfVerdict, inOne } from './claims.ts';
import { decideColumn, type MeasuredCell } from './column.ts';
import { decideMagnitude, type MagnitudeRule } from './magnitude.ts';

const SCALE = [
  { name: { en: 'below a MB', zh: '不到 1 MB' }, from: 0 },
  { name: { en: 'MB', zh: 'MB' }, from: 1e6 },
  { name: { en: 'GB', zh: 'GB' }, from: 1e9 },
  { name: { en: 'TB', zh: 'TB' }, from: 1e12 },
] as const;

const SMALLER: Text = { en: 'smaller than claimed', zh: '比原文所说的更小' };

/** A minimal system of ours, and not what people start: how `Prepared.provenance` calls it. */
const OWN_BUILD = 'our minimal build';

/** Told beside the deciding metric, in this order. */
const BESIDE = ['marginal-ready', 'marginal-data', 'distribution'];

/**
 * A small container image is better than claimed. A small VM image is not: the source says that VMs need GB, and whether
 * they usually do cannot be told from the image that we happen to start.
 */
function rules(vmImage: string): Readonly<Record<Column, MagnitudeRule>> {
  const common = { scale: SCALE, larger: { en: 'larger than claimed', zh: '比原文所说的更大' }, counted: true };
  return {
    container: { ...common, claimed: 'MB', smaller: { verdict: 'holds', words: SMALLER } },
    vm: {
      ...common,
      claimed: 'GB',
      smaller: {
        verdict: 'does-not-hold',
        words: inOne([SMALLER, imageInWords(vmImage)]),
      },
    },
  };
}

function imageInWords(vmImage: string): Text {
  if (vmImage !== OWN_BUILD) return { en: `the image is ${vmImage}`, zh: `镜像为 ${vmImage}` };
  return {
    en: `the image is ${OWN_BUILD}, which cannot test what is usual`,
    zh: '镜像是我们自己的最小构建，不能说明一般情况',
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
      reason: inOne([decided.reason, { en: `beside it ${told}`, zh: `此外 ${told.replaceAll(', ', '，')}` }]),
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

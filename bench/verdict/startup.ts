import { type Claim, type Column, type Evidence, type HalfVerdict, notUnderEmulation } from './claims.ts';
import { decideColumn, type MeasuredCell } from './column.ts';
import { decideMagnitude, type MagnitudeRule } from './magnitude.ts';

const SECOND_NS = 1e9;

const SCALE = [
  { name: { en: 'below a second', zh: '不到一秒' }, from: 0 },
  { name: { en: 'seconds', zh: '秒级' }, from: SECOND_NS },
  { name: { en: 'minutes', zh: '分钟级' }, from: 60 * SECOND_NS },
] as const;

/** Better than claimed holds, on either side, and says so. */
function rule(claimed: (typeof SCALE)[number]['name']['en']): MagnitudeRule {
  return {
    scale: SCALE,
    claimed,
    smaller: { verdict: 'holds', words: { en: 'faster than claimed', zh: '比原文所说的更快' } },
    larger: { en: 'slower than claimed', zh: '比原文所说的更慢' },
    counted: false,
  };
}

const RULES: Readonly<Record<Column, MagnitudeRule>> = { container: rule('seconds'), vm: rule('minutes') };

/** Order of magnitude of `ready`: below a second, seconds (1–60), minutes (60 and more). */
export const startup: Claim = {
  id: 'startup',
  feature: { en: 'startup', zh: '启动' },
  container: { en: 'seconds', zh: '秒级' },
  vm: { en: 'minutes', zh: '分钟级' },
  text: {
    en: 'A container starts within seconds, a VM takes minutes.',
    zh: '容器几秒之内就能启动，虚拟机则要几分钟。',
  },
  decide: (evidence) => ({ container: half(evidence, 'container'), vm: half(evidence, 'vm') }),
};

function half(evidence: Evidence, column: Column): HalfVerdict {
  return decideColumn(evidence, column, { experiment: 'startup', metric: 'ready' }, (cell) => decide(cell, column));
}

function decide(cell: MeasuredCell, column: Column): HalfVerdict {
  if (cell.accel === 'tcg') return notUnderEmulation([cell.key]);
  return decideMagnitude(cell, RULES[column]);
}

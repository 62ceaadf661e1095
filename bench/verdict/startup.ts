import { type Claim, type Column, type Evidence, type HalfVerdict, notAssessable } from './claims.ts';
import { decideColumn, type MeasuredCell } from './column.ts';
import { decideMagnitude, type MagnitudeRule } from './magnitude.ts';

const SECOND_NS = 1e9;

const SCALE = [
  { name: 'below a second', from: 0 },
  { name: 'seconds', from: SECOND_NS },
  { name: 'minutes', from: 60 * SECOND_NS },
] as const;

/** Better than claimed holds, on either side, and says so. */
function rule(claimed: (typeof SCALE)[number]['name']): MagnitudeRule {
  return {
    scale: SCALE,
    claimed,
    smaller: { verdict: 'holds', words: 'faster than claimed' },
    larger: 'slower than claimed',
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
  if (cell.accel === 'tcg') return notAssessable('emulated: no /dev/kvm was used', [cell.key]);
  return decideMagnitude(cell, RULES[column]);
}

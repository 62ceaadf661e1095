import { styleText } from 'node:util';
import type { Support } from '../../model/runner.ts';
import { printable } from '../output.ts';
import type { Check } from './check.ts';
import type { Examination } from './examine.ts';

type Row = Omit<Check, 'id'>;

const COLORS = { ok: 'green', warn: 'yellow', missing: 'red' } as const;

/** A runner as a row: emulation works, but is never passed off as KVM. */
function runnerRow(id: string, support: Support): Row {
  if (!support.ok) return { title: id, status: 'missing', found: support.reason, advice: support.hint };
  const versions = Object.entries(support.versions).map(([name, version]) => `${name} ${version}`);
  const found = [support.title, ...versions].join(', ');
  const name = support.as === id ? id : `${id} as ${support.as}`;
  if (support.capabilities.accelerator !== 'tcg') return { title: name, status: 'ok', found, advice: null };
  const advice = 'its times are shown as emulated, without verdict; see KVM below';
  return { title: name, status: 'warn', found, advice };
}

function table(rows: readonly Row[], color: boolean): string {
  const width = Math.max(...rows.map(({ title }) => title.length));
  return rows
    .map(({ title, status, found, advice }) => {
      const word = status.padEnd('missing'.length);
      const shown = color ? styleText(COLORS[status], word, { validateStream: false }) : word;
      const line = `  ${shown}  ${title.padEnd(width)}  ${printable(found)}`;
      const indent = ' '.repeat('  missing  '.length + width + 2);
      return advice === null || advice === '' ? line : `${line}\n${indent}→ ${printable(advice)}`;
    })
    .join('\n');
}

/** The examination as people read it. */
export function renderExamination({ runners, checks }: Examination, options: { readonly color: boolean }): string {
  const able = runners.filter(({ support }) => support.ok).length;
  const rows = runners.map(({ id, support }) => runnerRow(id, support));
  return [
    `${able} of ${runners.length} runners can run here`,
    '',
    table(rows, options.color),
    '',
    'what this host offers',
    table(checks, options.color),
    '',
  ].join('\n');
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carriedCoverages, coverages, falseAlarms, falseClaims, powers } from './proof.ts';
import { carriedTable, coverageTable, falseAlarmTable, falseClaimTable, powerTable } from './tables.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/statistics.md');

/** Runs of each simulation: those of the document, and fewer for every submission. */
export const RUNS = {
  full: { coverage: 20_000, claims: 4000, power: 4000 },
  short: { coverage: 2000, claims: 400, power: 400 },
} as const;

/** The document with each marked table made anew from these. @throws RangeError where a mark is missing. */
function filled(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((before, [name, rows]) => {
    const mark = new RegExp(`(<!-- table: ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!mark.test(before)) throw new RangeError(`docs/statistics.md has no table ${name}`);
    return before.replace(mark, (_all, begin: string, end: string) => `${begin}${rows}${end}`);
  }, text);
}

/** Every simulation, with so many runs of each. */
export function simulate({ coverage, claims, power }: (typeof RUNS)[keyof typeof RUNS]) {
  return {
    coverage: coverages(coverage),
    claims: falseClaims(claims),
    power: powers(power),
    carried: carriedCoverages(coverage),
    alarms: falseAlarms(claims),
  };
}

/** The document as it is, and as its tables must be by the simulations in full. */
export function statisticsDocument() {
  const found = simulate(RUNS.full);
  const now = readFileSync(DOCUMENT, 'utf8');
  const anew = filled(now, {
    coverage: coverageTable(found.coverage),
    claims: falseClaimTable(found.claims),
    power: powerTable(found.power),
    carried: carriedTable(found.carried),
    alarms: falseAlarmTable(found.alarms),
  });
  return { found, now, anew, write: () => writeFileSync(DOCUMENT, anew) };
}

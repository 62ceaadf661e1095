import { readFileSync, writeFileSync } from 'node:fs';
import { samplesCsv, tableCsv } from '../../../reports/csv.ts';
import { renderMarkdown } from '../../../reports/markdown.ts';
import { renderTerminal } from '../../../reports/terminal.ts';
import { type FixtureOptions, reportFixture } from './fixture.ts';

/** What the renderers must give for the fixtures, to be read in a diff: test/fixtures/reports. */

const TCG: FixtureOptions = { vm: 'tcg', hostile: true };
const KVM: FixtureOptions = { vm: 'kvm', hostile: false };

const plain = { color: false } as const;

export const GOLDENS: Readonly<Record<string, () => string>> = {
  'terminal-emulated-hostile.txt': () => renderTerminal(reportFixture(TCG).result, plain),
  'terminal-narrow.txt': () => renderTerminal(reportFixture(KVM).result, { ...plain, width: 60 }),
  'terminal-chinese.txt': () => renderTerminal(reportFixture(KVM).result, { ...plain, lang: 'zh' }),
  'table-hostile.md': () => renderMarkdown(reportFixture(TCG).result),
  'table-chinese.md': () => renderMarkdown(reportFixture(KVM).result, 'zh'),
  'table.csv': () => tableCsv(reportFixture(TCG).result),
  'failed-samples.csv': () => {
    const { events, manifest } = reportFixture(TCG);
    return samplesCsv(
      events.filter(({ type }) => type === 'failure'),
      manifest,
    );
  },
};

const path = (name: string): URL => new URL(`../../fixtures/reports/${name}`, import.meta.url);

export function golden(name: string): string {
  return readFileSync(path(name), 'utf8');
}

/** Writes them all as the renderers give them now; then read the diff: `node test/helpers/reports/goldens.ts`. */
if (import.meta.main) {
  for (const [name, render] of Object.entries(GOLDENS)) writeFileSync(path(name), render());
}

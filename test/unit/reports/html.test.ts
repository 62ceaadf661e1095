import { createHash } from 'node:crypto';
import test from 'ava';
import { renderHtml } from '../../../reports/html/render.ts';
import { html } from '../../../reports/html/markup.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { FORBIDDEN, HOSTILE } from '../../helpers/reports/hostile.ts';

const fixture = reportFixture({ vm: 'tcg', hostile: true });
const page = renderHtml(fixture);
/** Everything before the data and the scripts. */
const visible = page.slice(page.indexOf('<body>'), page.indexOf('<script type="application/json"'));

function section(id: string): string {
  const start = visible.indexOf(`<section id="${id}"`);
  return visible.slice(start, visible.indexOf('</section>', start));
}

test('the same input gives the same bytes', (t) => {
  t.is(renderHtml(reportFixture({ vm: 'tcg', hostile: true })), page);
});

test('no message becomes markup or brings a control character', (t) => {
  t.true(visible.includes('&lt;script&gt;globalThis.pwned'));
  t.notRegex(visible, /<script|<img|<[a-z][^>]* on[a-z]+=/i);
  t.notRegex(page, FORBIDDEN);
});

test('the data cannot end its script element, and reads back', (t) => {
  const start = page.indexOf('>', page.indexOf('id="report-data"')) + 1;
  const json = page.slice(start, page.indexOf('</script>', start));
  t.false(json.includes('<'));
  t.true((JSON.parse(json) as { charts: unknown[] }).charts.length > 5);
});

test('the policy names every script and the style by hash and allows nothing else', (t) => {
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map((match) => match[1] ?? '');
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? '';
  t.is(scripts.length, 2);
  t.is(
    policy,
    `default-src 'none'; script-src ${scripts.map(hash).join(' ')}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`,
  );
});

test('nothing in the page asks for another file', (t) => {
  t.notRegex(visible, /\b(?:src|href)="(?!#)/);
  t.notRegex(page, /sourceMappingURL|@import|url\(/);
});

test('every link leads to an element that is there once', (t) => {
  const ids = [...visible.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  t.is(new Set(ids).size, ids.length);
  const links = [...visible.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  t.deepEqual(
    links.filter((link) => !ids.includes(link)),
    [],
  );
});

test('every cell of the result stands in one row of evidence', (t) => {
  const rows = [...visible.matchAll(/<tr id="cell-/g)].length;
  t.is(rows, fixture.result.cells.length);
});

test("the source's table holds its words in both languages, and neither emulated values nor the harness", (t) => {
  const table = section('table');
  for (const { feature, halves } of fixture.result.claims) {
    for (const text of [feature.zh, feature.en, ...halves.flatMap(({ source }) => [source.zh, source.en])]) {
      t.true(table.includes(`>${text}<`), text);
    }
  }
  t.false(table.includes('8.31 s'));
  t.notRegex(table, /harness/);
});

test('emulated values stand in a section of their own, without a ratio or verdict', (t) => {
  const emulated = section('emulated-1');
  t.true(emulated.includes('QEMU TCG (emulated, not KVM)'));
  t.true(emulated.includes('8.31 s'));
  t.notRegex(emulated, /×|chip|slower|faster/);
  t.false(section('ratios').includes('TCG'));
});

test('the command to do it again holds only what a shell takes as plain words', (t) => {
  const config = { ...fixture.manifest.config, runners: ['native', '$(reboot)'], profile: HOSTILE };
  const other = renderHtml({ ...fixture, manifest: { ...fixture.manifest, config } });
  const command = /<pre><code>([^]*?)<\/code><\/pre>/.exec(other)?.[1] ?? '';
  t.regex(command, /^tare run \\\n/);
  t.true(command.endsWith('--seed 7'));
  t.notRegex(command, /reboot|script/);
});

test('a run that measured nothing still renders', (t) => {
  const { result, manifest } = fixture;
  const empty = { ...result, cells: [], claims: [], failures: [], guards: [], differences: [], unavailable: [] };
  t.true(renderHtml({ result: { ...empty, outcome: 'cut' }, manifest, events: [] }).includes('the run was killed'));
});

test('an unknown experiment gets charts and a table of its own', (t) => {
  const { result } = fixture;
  const cells = result.cells
    .filter(({ experiment }) => experiment === 'startup')
    .map((cell) => ({ ...cell, experiment: 'snapshot', key: `${cell.key}/snapshot` }));
  const other = renderHtml({ ...fixture, result: { ...result, cells: [...result.cells, ...cells] } });
  t.true(other.includes('<section id="experiment-snapshot"'));
  t.true(other.includes('id="chart-snapshot-ready"'));
});

test('text put into markup is escaped, whatever it is put into', (t) => {
  t.is(
    html`<a title="${'"><b>'}">${['<', 1, null, html`<i>${'&'}</i>`]}</a>`.text,
    '<a title="&quot;&gt;&lt;b&gt;">&lt;1<i>&amp;</i></a>',
  );
});

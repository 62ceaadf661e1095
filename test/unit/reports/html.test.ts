import { createHash } from 'node:crypto';
import test from 'ava';
import { renderHtml } from '../../../reports/html/render.ts';
import { html } from '../../../reports/html/markup.ts';
import { isTranslated } from '../../../reports/titles.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { FORBIDDEN, HOSTILE } from '../../helpers/reports/hostile.ts';

const fixture = reportFixture({ vm: 'tcg', hostile: true });
const page = renderHtml(fixture);
/** What is shown first, in English. */
const visible = page.slice(page.indexOf('<body>'), page.indexOf('<template'));
/** What stands in the template. */
const chinese = page.slice(page.indexOf('<template'), page.indexOf('</template>'));
const LANGUAGES = { en: visible, zh: chinese } as const;

function section(id: string, text: string = visible): string {
  const start = text.indexOf(`<section id="${id}"`);
  return text.slice(start, text.indexOf('</section>', start));
}

interface Chart {
  readonly id: string;
  readonly rows?: readonly { readonly points: readonly { readonly marked: boolean }[] }[];
}

function dataOf(lang: 'en' | 'zh'): { readonly charts: readonly Chart[] } {
  const start = page.indexOf('>', page.indexOf(`id="report-data-${lang}"`)) + 1;
  const json = page.slice(start, page.indexOf('</script>', start));
  if (json.includes('<')) throw new RangeError('the data could end its script element');
  return JSON.parse(json) as { readonly charts: readonly Chart[] };
}

test('the same input gives the same bytes', (t) => {
  t.is(renderHtml(reportFixture({ vm: 'tcg', hostile: true })), page);
});

test('no message becomes markup or brings a control character', (t) => {
  for (const text of Object.values(LANGUAGES)) {
    t.true(text.includes('&lt;script&gt;globalThis.pwned'));
    t.notRegex(text, /<script|<img|<[a-z][^>]* on[a-z]+=/i);
  }
  t.notRegex(page, FORBIDDEN);
});

test('the data cannot end its script element, and reads back in both languages', (t) => {
  const ids = (lang: 'en' | 'zh') => dataOf(lang).charts.map(({ id }) => id);
  t.true(ids('en').length > 5);
  t.deepEqual(ids('zh'), ids('en'));
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
  for (const text of Object.values(LANGUAGES)) t.notRegex(text, /\b(?:src|href)="(?!#|\?lang=(?:en|zh)")/);
  t.notRegex(page, /sourceMappingURL|@import|url\(/);
});

for (const [lang, text] of Object.entries(LANGUAGES)) {
  test(`${lang}: every link leads to an element that is there once`, (t) => {
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]).filter((id) => id !== 'report-zh');
    t.is(new Set(ids).size, ids.length);
    const links = [...text.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    t.deepEqual(
      links.filter((link) => !ids.includes(link)),
      [],
    );
  });

  test(`${lang}: every cell of the result stands in one row of evidence`, (t) => {
    t.is([...text.matchAll(/<tr id="cell-/g)].length, fixture.result.cells.length);
  });
}

test('both languages have the same sections, and each its own headings', (t) => {
  const headings = (text: string) => [...text.matchAll(/<section id="([^"]+)"[^]*?<h2[^>]*>([^<]*)</g)];
  const [english, han] = [headings(visible), headings(chinese)];
  t.deepEqual(
    han.map(([, id]) => id),
    english.map(([, id]) => id),
  );
  for (const [, id, heading = ''] of han) t.regex(heading, /\p{Script=Han}/u, id);
  for (const [, id, heading = ''] of english) t.notRegex(heading, /\p{Script=Han}/u, id);
});

test('the Chinese page has no sentence of tare’s own in English', (t) => {
  const plain = reportFixture({ vm: 'kvm', hostile: false });
  const text = renderHtml(plain);
  const zh = text.slice(text.indexOf('<template'), text.indexOf('</template>'));
  // What a user's own program is called stays; what stands in quotation marks, as code, as configuration or as evidence, too.
  const titles = [...plain.result.cells, ...plain.result.runners].map(({ title }) => title);
  const own = zh
    .replaceAll(/<q lang="en">[^<]*<\/q>|<span lang="en">[^<]*<\/span>|<code>[^<]*<\/code>|<dl[^]*?<\/dl>/g, '')
    .replaceAll(/<section id="(?:failures|differences|unavailable)"[^]*?<\/section>/g, '')
    .replaceAll(
      new RegExp(
        titles
          .filter((title) => !isTranslated(title))
          .map((title) => RegExp.escape(title))
          .join('|'),
        'g',
      ),
      '',
    )
    .replaceAll(/<[^>]+>/g, '·');
  t.deepEqual(own.match(/(?:\b[A-Za-z]{2,}\b[ ,]+){4,}/g) ?? [], []);
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

test('every primary program has a chart, and every program a row with each runner’s value', (t) => {
  const throughput = section('experiment-throughput');
  t.is([...throughput.matchAll(/<canvas id="chart-throughput-/g)].length, 7);
  const values = throughput.slice(0, throughput.indexOf('<details>'));
  t.is([...values.matchAll(/<tr><th scope="row">/g)].length, 9);
  t.notRegex(throughput, /TCG|onerror="/);
});

test('VMs are held against the container in a table of their own', (t) => {
  const other = renderHtml(reportFixture({ vm: 'kvm', hostile: false }));
  t.regex(other, /VMs against docker.*kvm-direct.*0\.877×/s);
  t.regex(other, /虚拟机与 docker 之比.*kvm-direct.*0\.877×/s);
  t.false(section('experiment-throughput').includes('VMs against'));
});

test('density has its curves, every ramp’s end and every step, and those of emulated runners stand apart', (t) => {
  const density = section('experiment-density');
  t.true(density.includes('id="chart-density-idle-memory"') && density.includes('id="chart-density-idle-start"'));
  const [ends = '', steps = ''] = density.split('<details>');
  // One line for each runner, since its three ramps ended alike.
  t.is([...ends.matchAll(/<tr><th scope="row">.*<td class="number">3<\/td>/g)].length, 3);
  const { ramps } = fixture.result;
  const own = ramps.filter(({ runner }) => runner !== 'tcg-direct');
  const all = own.reduce((sum, ramp) => sum + ramp.steps.length, 0);
  t.is([...(steps.split('</details>')[0] ?? '').matchAll(/<tr><th scope="row">/g)].length, all);
  t.false(density.includes('TCG'));
  t.regex(section('emulated-1'), /How each ramp ended/);
});

test('every sample and every failure of an experiment is there for whoever asks', (t) => {
  const { events, result } = fixture;
  const startup = section('experiment-startup');
  const samples = startup.slice(startup.indexOf('Every sample: startup, redis'));
  const apart = new Set(result.runners.filter(({ accel }) => accel === 'tcg').map(({ as }) => as));
  const own = events.flatMap((event) =>
    (event.type === 'sample' || event.type === 'failure') &&
    event.experiment === 'startup' &&
    event.phase === 'measured' &&
    event.runner !== 'null' &&
    !apart.has(event.runner)
      ? [event]
      : [],
  );
  const rows = new Set(own.map(({ runner, block }) => `${runner} ${block}`));
  t.is([...samples.matchAll(/<tr><th scope="row">/g)].length, rows.size);
  t.true(samples.includes('1 failed'));
  t.true(section('experiment-startup', chinese).includes('全部样本：startup，redis'));
});

test('a dot and its mark belong to one program: another one’s samples are not in its row', (t) => {
  const ready = dataOf('en').charts.find(({ id }) => id === 'chart-startup-ready');
  t.is(ready?.rows?.[0]?.points.length, 12);
  t.is(ready?.rows?.[0]?.points.filter(({ marked }) => marked).length, 2);
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
  const other = renderHtml({ result: { ...empty, outcome: 'cut' }, manifest, events: [], gate: null });
  t.true(other.includes('the run was killed'));
  t.false(other.includes('id="gate"'));
});

test('in Chinese the code of a failure is told, and the message stands beside it as it came', (t) => {
  const { result } = fixture;
  const known = result.failures.map((failure) => ({ ...failure, code: 'MARK_TIMEOUT', stage: 'start' }));
  const other = renderHtml({ ...fixture, result: { ...result, failures: known } });
  const text = section('failures', other.slice(other.indexOf('<template')));
  t.true(text.includes('在时限内没有等到标记') && text.includes('启动'));
  t.true(text.includes('lang="en">'));
  t.false(section('failures', other).includes('在时限内'));
});

test('a run with a baseline shows what the gate says, in both languages', (t) => {
  for (const [lang, [regression, unresolved, control]] of [
    ['en', ['✗ regression', '? not resolved', 'control, never gated']],
    ['zh', ['✗ 退化', '? 未能判定', '对照，不参与判定']],
  ] as const) {
    const text = section('gate', LANGUAGES[lang]);
    t.is(text.split(regression).length - 1, 2, lang);
    t.true(text.includes(unresolved) && text.includes(control), lang);
    t.true(text.includes('1.17×'), lang);
  }
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

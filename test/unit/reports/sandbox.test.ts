import test from 'ava';
import { renderHtml } from '../../../reports/html/render.ts';
import { renderMarkdown } from '../../../reports/markdown.ts';
import { renderTerminal } from '../../../reports/terminal.ts';
import { viewOf } from '../../../reports/view-model.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { withSandboxes } from '../../helpers/reports/sandbox.ts';

const plain = reportFixture({ vm: 'kvm', hostile: false });
const one = withSandboxes('nspawn');
const two = withSandboxes('nspawn', 'unshare');

/** The source's table of a page, in the language that is shown first. */
function tableOf(page: string): string {
  return page.slice(
    page.indexOf('<table class="claims"'),
    page.indexOf('</table>', page.indexOf('<table class="claims"')),
  );
}

test('a sandbox has a column of its own between containers and VMs, and is in no other', (t) => {
  const { places, sandboxes, table } = viewOf(one.result);
  t.deepEqual(places, ['container', 'sandbox', 'vm']);
  t.deepEqual(
    sandboxes.map(({ id }) => id),
    ['nspawn'],
  );
  const [startup] = table;
  t.deepEqual(
    startup?.sandboxes.map(({ cell }) => cell.key),
    ['nspawn/startup/redis/ready'],
  );
  t.deepEqual(
    startup?.others.map(({ runner }) => runner.id),
    ['native', 'unshare', 'runc', 'lxc'],
  );
});

test('without a sandbox there is no column for one', (t) => {
  t.deepEqual(viewOf(plain.result).places, ['container', 'vm']);
  t.false(tableOf(renderHtml(plain)).includes('sandbox'));
  t.false(renderMarkdown(plain.result).includes('sandbox'));
});

test('a sandbox that stands for the containers is in their column', (t) => {
  const columns = { ...one.result.columns, container: 'nspawn' };
  const { places, sandboxes, table } = viewOf({ ...one.result, columns });
  t.deepEqual(places, ['container', 'vm']);
  t.deepEqual(sandboxes, []);
  t.is(table[0]?.halves.container?.runner?.id, 'nspawn');
  t.deepEqual(table[0]?.sandboxes, []);
});

test('the page’s table has the column in every row, with its word in both languages, and leads to the evidence', (t) => {
  const table = tableOf(renderHtml(one));
  const headings = table.slice(0, table.indexOf('</thead>')).split('role="columnheader"').length - 1;
  t.is(headings, 4);
  t.regex(table, /<span lang="zh">沙箱<\/span> sandbox<br><span class="runner tone-sandbox">.*?nspawn/);
  for (const row of table.split('<tr role="row" class="claim">').slice(1)) {
    t.is(row.slice(0, row.indexOf('</tr>')).split('role="cell"').length - 1, 3);
  }
  t.regex(table, /<p class="value"><a class="figure" href="#[^"]+">66\.\d ms<\/a>/);
  t.regex(table, /class="other">.*?native<\/span><\/th><td role="cell" colspan="3">/);
  t.regex(table, /The source does not speak of sandboxes/);
});

test('several sandboxes share the column, each by its name', (t) => {
  const table = tableOf(renderHtml(two));
  t.regex(table, /<span class="column-name" aria-hidden="true">sandbox <span class="runner.*?unshare.*?nspawn/);
  t.regex(table, /<p class="support"><span class="runner.*?unshare<\/span><\/p><p class="value">/);
  t.regex(renderMarkdown(two.result), /sandbox: unshare, nspawn \|/);
  t.regex(renderMarkdown(two.result), /unshare: ready .*<br>nspawn: ready /);
});

test('Markdown and the terminal have the column as well, in both languages', (t) => {
  t.regex(
    renderMarkdown(one.result),
    /^\| feature \| container \| docker \| +\| sandbox: nspawn \| virtual machine \|/m,
  );
  t.regex(renderMarkdown(one.result, 'zh'), /沙箱: nspawn \|/);
  const wide = renderTerminal(one.result, { color: false, width: 160 });
  t.regex(wide, /container · docker +sandbox · nspawn +virtual machine · kvm-direct/);
  t.regex(wide, /startup .* ready 6\d\.\d ms +source: minutes/);
  t.regex(renderTerminal(one.result, { color: false, width: 160, lang: 'zh' }), /沙箱 · nspawn/);
});

test('where three columns would be too narrow they stand below each other', (t) => {
  const narrow = renderTerminal(one.result, { color: false, width: 96 });
  t.regex(narrow, /^ {2}sandbox · nspawn\n {4}ready 6\d\.\d ms$/m);
  t.regex(renderTerminal(plain.result, { color: false, width: 96 }), /container · docker +virtual machine/);
});

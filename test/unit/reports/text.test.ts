import test from 'ava';
import * as fc from 'fast-check';
import { escapeHtml, escapeMarkdown, printable, scriptJson } from '../../../reports/text.ts';
import { FORBIDDEN, HOSTILE } from '../../helpers/reports/hostile.ts';

test('escape sequences, controls and bidi marks disappear, and white space becomes one space', (t) => {
  t.is(printable('\u001b[31mred\u001b[0m\t\u202egnp.exe\u2066\r\n  next\u0007'), 'red gnp.exe next');
});

test('a link by OSC 8 leaves its text alone', (t) => {
  t.is(printable('\u001b]8;;https://example.invalid\u001b\\here\u001b]8;;\u001b\\'), 'here');
});

test('whatever goes in, one bounded line of well-formed text without controls comes out', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (text, limit) => {
      const shown = printable(`${HOSTILE.slice(0, text.length)}${text}`, limit);
      return (
        !FORBIDDEN.test(shown) && !shown.includes('\n') && shown.isWellFormed() && Array.from(shown).length <= limit
      );
    }),
  );
  t.pass();
});

test('a long text is cut at whole characters and says so', (t) => {
  t.is(printable('😀'.repeat(10), 4), '😀😀😀…');
  t.true(printable('x'.repeat(10_000_000)).endsWith('…'));
});

test('Chinese text stays as it is', (t) => {
  t.is(printable('单机支持上千个容器'), '单机支持上千个容器');
});

test('HTML escaping leaves nothing that opens a tag or ends an attribute', (t) => {
  t.is(escapeHtml(`<a href="x" title='y'>&`), '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
});

test('JSON for a script element holds no angle bracket and reads back as it was', (t) => {
  const value = { text: `${HOSTILE}<!-- \u2028` };
  const json = scriptJson(value);
  t.notRegex(json, /[<>&\u2028\u2029]/);
  t.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
});

test('Markdown escaping keeps a text within its table cell', (t) => {
  t.is(escapeMarkdown('a|b [x](y) `c` <i>'), 'a\\|b \\[x\\](y) \\`c\\` &lt;i&gt;');
});

import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import stringWidth from 'string-width';
import { renderTerminal } from '../../../reports/terminal.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { FORBIDDEN } from '../../helpers/reports/hostile.ts';

const hostile = reportFixture({ vm: 'tcg', hostile: true }).result;
const kvm = reportFixture({ vm: 'kvm', hostile: false }).result;

test('no control character of a message reaches the terminal', (t) => {
  t.notRegex(renderTerminal(hostile, { color: false }), FORBIDDEN);
});

for (const lang of ['en', 'zh'] as const) {
  for (const width of [40, 60, 80, 100, 160]) {
    test(`no line is wider than ${width} places, in ${lang}`, (t) => {
      for (const result of [hostile, kvm]) {
        const lines = renderTerminal(result, { color: false, width, lang }).split('\n');
        t.deepEqual(
          lines.filter((line) => stringWidth(line) > width),
          [],
        );
      }
    });
  }
}

test('both columns of the table begin at the same place in every line, wide characters or not', (t) => {
  const lines = renderTerminal(kvm, { color: false, lang: 'zh' }).split('\n');
  const sources = lines.filter((line) => line.split('原文:').length === 3);
  t.is(sources.length, 4);
  const places = sources.map((line) => stringWidth(line.slice(0, line.lastIndexOf('原文:'))));
  t.is(new Set(places).size, 1);
});

test('emulated values have a heading of their own, after the ratios and without one', (t) => {
  const text = renderTerminal(hostile, { color: false });
  const [before = '', after = ''] = text.split('\nQEMU TCG (emulated, not KVM)\n');
  t.true(before.includes('Ratios to native'));
  t.false(before.includes('8.31 s'));
  t.regex(after.split('\n\n')[0] ?? '', /ready +8\.31 s/);
  t.notRegex(after.split('\n\n')[0] ?? '', /×/);
});

test('performance is a list of programs by their ratio, each with interval and n, other runners in one line', (t) => {
  const text = renderTerminal(kvm, { color: false, width: 160 });
  t.regex(text, /performance .*source: near native +source: weaker\n +redis inside 0\.975× +redis inside 0\.856×\n/);
  t.regex(text, /0\.964–0\.989×, n 12 +0\.851–0\.866×, n 12/);
  t.regex(text, /✗ does not hold: mixed: above 0\.95 of native in 5 of 7 programs;/);
  t.regex(text, /\n· runc +redis inside 0\.992×, redis bridge 0\.970×,/);
  t.notRegex(text, /· native +redis/);
});

test('density shows what was achieved, what is only projected, and the rule that ended the ramps', (t) => {
  const text = renderTerminal(kvm, { color: false, width: 160 });
  t.regex(text, /achieved-idle 1100 +achieved-idle 99\n/);
  t.regex(text, /projected, not achieved: 1938 +projected, not achieved: 99\n/);
  t.regex(text, /✓ holds: a thousand or more; the ramp ended at its ceiling of 1100/);
  t.regex(text, /· native +1100 \(.*, ended by ceiling\)/);
});

test('a unit of a user’s own is shown, bounded and without what it hides', (t) => {
  const { result } = reportFixture({ vm: 'tcg', hostile: false });
  const options = { color: false, width: 160 };
  t.regex(renderTerminal(result, options), /own-suite score +\d+ widgets\/min \(/);
  t.regex(renderTerminal(hostile, options), /own-suite score +\d+ <\/script><scrip… /);
});

test('secondary ratios are left to the page', (t) => {
  t.notRegex(renderTerminal(kvm, { color: false, width: 160 }), /inside-p99/);
});

test('an unresolved ratio says how many blocks it would need', (t) => {
  t.regex(renderTerminal(kvm, { color: false }), /nspawn +1\.06× .*not resolved: needs about 31 blocks/);
});

test('failures are counted, guards named, runners that are missing come with a hint', (t) => {
  const text = renderTerminal(kvm, { color: false });
  t.regex(text, /2× +docker +startup, redis, measured, start +MARK_TIMEOUT/);
  t.regex(text, /steal +tripped in 2 of 15 blocks/);
  t.regex(text, /throughput, redis +clock-inside \(docker\) +tripped in 1 of 12 blocks/);
  t.regex(text, /crun +crun needs cgroup v2 \(hint: /);
  t.regex(text, /undeclared: not comparable/);
});

test('a run without failures, guards, ratios and peers says so', (t) => {
  const cells = kvm.cells.map((cell) => ({ ...cell, ratioToNative: null }));
  const text = renderTerminal({ ...kvm, cells, failures: [], guards: [] }, { color: false });
  t.regex(text, /Failures\n {2}none\n/);
  t.regex(text, /Guards\n {2}none tripped\n/);
  t.regex(text, /Ratios to native\n.*\n {2}none: native was not measured/);
});

test('an interrupted run is called one', (t) => {
  t.regex(renderTerminal({ ...kvm, outcome: 'interrupted' }, { color: false }), /interrupted: only what was measured/);
});

test('colors change nothing but colors', (t) => {
  t.is(stripVTControlCharacters(renderTerminal(kvm, { color: true })), renderTerminal(kvm, { color: false }));
});

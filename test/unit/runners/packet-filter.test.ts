import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { filtersBridged, parseRules } from '../../../runners/shared/packet-filter.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/packet-filter');

for (const backend of ['nf_tables', 'legacy']) {
  test(`of what iptables (${backend}) lists, only our own rules in every part are ours`, (t) => {
    const text = readFileSync(join(FIXTURES, `list-rules-${backend}.txt`), 'utf8');
    t.deepEqual(parseRules(text), [
      { bridge: 'td0c3a1e', tag: '0c3a1e' },
      { bridge: 'tare-0c3a1e', tag: '0c3a1e' },
    ]);
  });
}

test('nothing else is a rule of ours', (t) => {
  const rule = '-A FORWARD -i tare-0c3a1e -o tare-0c3a1e -m comment --comment tare-0c3a1e -j ACCEPT';
  t.is(parseRules(rule).length, 1);
  for (const text of [
    '',
    '\n\n',
    rule.replace('FORWARD', 'INPUT'),
    rule.replaceAll('-i tare-0c3a1e', '-i eth0').replaceAll('-o tare-0c3a1e', '-o eth0'),
    rule.replace('ACCEPT', 'ACCEPT extra'),
    rule.replace('-i tare-0c3a1e', '! -i tare-0c3a1e'),
    rule.replaceAll('0c3a1e', '0c3a1'),
    'iptables: Permission denied (you must be root).',
  ]) {
    t.deepEqual(parseRules(text), [], text);
  }
});

test('bridged packets are filtered where the host or the bridge says so, and nowhere else', (t) => {
  const host = (files: Readonly<Record<string, string>>) => {
    const root = mkdtempSync(join(tmpdir(), 'tare-filter-'));
    t.teardown(() => rmSync(root, { recursive: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };
  const global = 'proc/sys/net/bridge/bridge-nf-call-iptables';
  const own = 'sys/class/net/tare-0c3a1e/bridge/nf_call_iptables';
  t.false(filtersBridged('tare-0c3a1e', host({})));
  t.false(filtersBridged('tare-0c3a1e', host({ [global]: '0\n', [own]: '0\n' })));
  t.true(filtersBridged('tare-0c3a1e', host({ [global]: '1\n', [own]: '0\n' })));
  t.true(filtersBridged('tare-0c3a1e', host({ [global]: '0\n', [own]: '1\n' })));
  t.false(filtersBridged('tare-ffffff', host({ [global]: '0\n', [own]: '1\n' })));
});

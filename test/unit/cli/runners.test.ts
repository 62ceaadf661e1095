import test from 'ava';
import { type ListedRunner, renderRunners } from '../../../bench/cli/runners.ts';

const GUEST: ListedRunner = {
  id: 'kvm-direct',
  support: {
    ok: true,
    as: 'tcg-direct',
    title: 'QEMU TCG (emulated, not KVM), direct boot',
    capabilities: {
      isolation: 'vm',
      accelerator: 'tcg',
      marks: ['launched', 'api', 'ready'],
      designed: [{ limit: 'kernel', why: 'its own' }],
      nested: true,
    },
    versions: { qemu: '7.2' },
  },
  options: [{ name: 'iothreads', what: 'threads of the disk', values: [0, 1], default: 0 }],
};
const MISSING: ListedRunner = {
  id: 'crun',
  module: { use: '@acme/crun', version: '1.0.0' },
  support: { ok: false, code: 'TOOL_MISSING', reason: 'crun is\u001b[2J not installed', hint: 'apt-get install crun' },
  options: [],
};

test('a runner is listed with its name in the table, versions, capabilities and options', (t) => {
  const text = renderRunners([GUEST], { color: false });
  t.regex(text, /^kvm-direct {2}QEMU TCG \(emulated, not KVM\), direct boot, listed as tcg-direct {2}emulated$/m);
  t.regex(text, /^ {2}isolation vm, tcg; marks launched, api, ready$/m);
  t.regex(text, /^ {2}qemu 7\.2$/m);
  t.regex(text, /^ {2}differs by design in kernel$/m);
  t.regex(text, /^ {4}iothreads = 0 {2}threads of the disk \(0, 1\)$/m);
});

test('one that cannot run says why, what helps and where it comes from, and drives no terminal', (t) => {
  const text = renderRunners([MISSING], { color: false });
  t.regex(text, /^crun \(@acme\/crun 1\.0\.0\) {2}not here: crun is\ufffd\[2J not installed$/m);
  t.regex(text, /^ {2}→ apt-get install crun$/m);
});

test('colour comes only where it is asked for', (t) => {
  t.false(renderRunners([GUEST, MISSING], { color: false }).includes('\u001b'));
  t.true(renderRunners([GUEST, MISSING], { color: true }).includes('\u001b['));
});

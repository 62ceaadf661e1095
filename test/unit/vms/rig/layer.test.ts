import { readFileSync } from 'node:fs';
import test from 'ava';
import { RIG_INSIDE, rigLayer } from '../../../../vms/rig/layer.ts';

const UUID = '01234567-89ab-cdef-0123-456789abcdef';

function textOf(path: string): string {
  return readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
}

test('the rig has every package that the set-up would install, since it has no network', (t) => {
  const { packages } = rigLayer(UUID);
  const wanted = textOf('bench/setup/packages/run.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/)[1] ?? '')
    // A question mark: only where the distribution has it.
    .filter((name) => !name.endsWith('?'));
  t.true(wanted.length > 10);
  t.deepEqual(
    wanted.filter((name) => !packages.includes(name)),
    [],
  );
});

test('the rig mounts its second disk, lays the state folder where tare looks for it, and runs the script from there', (t) => {
  const { files, links } = rigLayer(UUID);
  const fstab = (files['/etc/fstab'] ?? '').trim().split('\n');
  t.deepEqual(
    fstab.map((line) => line.split(' ').slice(0, 3)),
    [
      [`UUID=${UUID}`, '/', 'ext4'],
      [RIG_INSIDE.disk, RIG_INSIDE.mount, 'ext4'],
      [RIG_INSIDE.state, '/var/lib/tare', 'none'],
    ],
  );
  const unit = files['/etc/systemd/system/rig.service'] ?? '';
  t.true(unit.includes(`ExecStart=/bin/bash ${RIG_INSIDE.script}\n`));
  t.true(unit.includes('poweroff'));
  t.is(links['/etc/systemd/system/multi-user.target.wants/rig.timer'], '/etc/systemd/system/rig.timer');
});

test('what is judged outside is what is tried inside', (t) => {
  const tried = [...textOf('test/kvm/inside.sh').matchAll(/^ *step ([a-z-]+) /gm)].map(([, name]) => name ?? '');
  const judged = textOf('test/kvm/rig.test.ts').matchAll(/(?:good\(t, |step\(|services\()'([a-z-]+)'/g);
  t.deepEqual(
    [...new Set([...judged].map(([, name]) => name))].filter((name) => !tried.includes(name ?? '')),
    [],
  );
  t.true(tried.includes('conformance'));
});

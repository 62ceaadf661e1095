import test from 'ava';
import { lxcArgv, worksOn } from '../../../../runners/lxc/cli.ts';
import { firstErrorIn } from '../../../../runners/lxc/logs.ts';

const PATH = '/state/runs/a1b2c3/lxc';
const NAME = 'tare-a1b2c3-lxc-1';

const words = (...argv: readonly string[]) => argv.map((word) => `${word}\0`).join('');

test('the process that stays beside a container is known by its title', (t) => {
  // As LXC 5.0 sets it: one text, cut off by the bytes that were there before.
  const title = `[lxc monitor] ${PATH} ${NAME}\0\0\0`;
  t.true(worksOn(title, PATH, NAME));
  t.true(worksOn(title, PATH));
  t.false(worksOn(title, PATH, `${NAME}0`));
  t.false(worksOn(title, '/state/runs/a1b2c3/lxc-system'));
});

test('so is a start that has not come so far', (t) => {
  const start = words(...lxcArgv('lxc-start', { path: PATH, name: NAME }, ['--daemon', '--', '/tare/probe']));
  t.true(worksOn(start, PATH, NAME));
  t.false(worksOn(start, PATH, 'tare-a1b2c3-lxc-12'));
  t.true(worksOn(words('/usr/bin/lxc-attach', '-P', PATH, '-n', NAME, '--', 'sh'), PATH, NAME));
});

test('other people’s programs are left alone, also when they name our paths', (t) => {
  t.false(worksOn(words('vi', PATH, NAME), PATH, NAME));
  t.false(worksOn(words('/bin/sh', '-c', `lxc-start -P ${PATH} -n ${NAME}`), PATH, NAME));
  t.false(worksOn('[lxc monitor] /var/lib/lxc web\0', PATH));
  t.false(worksOn('', PATH));
});

test('of LXC’s log the first error is the cause; the others follow from it', (t) => {
  const log = [
    'lxc-start x 20261127011452.235 ERROR    cgfsng - ../src/lxc/cgroups/cgfsng.c:cg_legacy_set_data:2675 - Invalid argument - Failed to set "cpuset.cpus" to "4095"',
    'lxc-start x 20261127011452.235 ERROR    start - ../src/lxc/start.c:lxc_spawn:1833 - Failed to setup legacy cgroups',
    '',
  ].join('\n');
  t.is(firstErrorIn(log), 'Invalid argument - Failed to set "cpuset.cpus" to "4095"');
  t.is(firstErrorIn('lxc-start x 20261127011452.235 WARN     conf - ../src/lxc/conf.c:f:1 - something\n'), undefined);
  t.is(firstErrorIn(''), undefined);
});

import test from 'ava';
import { capabilityWords, dockerWords, enterArgv } from '../../../../runners/namespace-common/enter.ts';

test('a program gets Docker’s capabilities and no other', (t) => {
  const set = capabilityWords().find((word) => word.startsWith('--bounding-set=')) ?? '';
  const [none, ...kept] = set.slice('--bounding-set='.length).split(',');
  t.is(none, '-all');
  t.is(kept.length, 14);
  t.true(kept.includes('+net_bind_service') && !kept.includes('+sys_admin'));
});

test('a program gets the environment that is named and the limit of open files, and its words untouched', (t) => {
  const words = dockerWords({ PATH: '/bin', A: 'b c' }, ['x', '', '--', '$y'], { soft: 5, hard: 9 });
  t.deepEqual(words.slice(0, 6), ['env', '--ignore-environment', '--default-signal', 'PATH=/bin', 'A=b c', 'prlimit']);
  t.is(words[6], '--nofile=5:9');
  t.deepEqual(words.slice(-5), ['--', 'x', '', '--', '$y']);
  t.false(dockerWords({}, ['x'], null).includes('prlimit'));
});

test('what enters joins the cgroups first, and is confined by AppArmor only where there is a profile', (t) => {
  const plain = enterArgv({ pid: 42, profile: undefined }, ['/a', '/b'], ['env', 'x']);
  t.deepEqual(plain.slice(2), ['42', '/a', '/b', '--', 'env', 'x']);
  const confined = enterArgv({ pid: 42, profile: 'docker-default' }, [], ['env', 'x']);
  t.deepEqual(confined.slice(2, 6), ['42', '--', 'sh', '-c']);
  t.deepEqual(confined.slice(-3), ['docker-default', 'env', 'x']);
});

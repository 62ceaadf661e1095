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

test('what enters is told the cgroups to join and how to confine, and gets the words untouched', (t) => {
  const box = { enter: '/t/enter', pid: 42, environment: { PATH: '/bin', A: 'b c' } };
  const plain = enterArgv({ ...box, profile: undefined }, ['/a', '/b'], ['x', '--', '$y'], null);
  const variables = ['--', 'PATH=/bin', 'A=b c', '--'];
  t.deepEqual(plain, ['/t/enter', '42', 'a80425fb', '', '', '/a', '/b', ...variables, 'x', '--', '$y']);
  const confined = enterArgv({ ...box, profile: 'docker-default' }, [], ['x'], { soft: 5, hard: 9 });
  t.deepEqual(confined.slice(3), ['5:9', 'docker-default', ...variables, 'x']);
});

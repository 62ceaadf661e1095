import test from 'ava';
import { resolveConfig } from '../../../bench/config/load.ts';
import { ConfigError } from '../../../bench/errors.ts';

function fileOf(text: string) {
  return { file: { name: 'lab.yaml', text } };
}

test('nothing given is profile quick with every default written out', (t) => {
  const config = resolveConfig({});
  t.is(config.profile, 'quick');
  t.deepEqual(config.runners, ['native', 'runc', 'docker', 'kvm-direct', 'kvm']);
  t.is(config.instance.memory, 512 * 2 ** 20);
  t.true(Object.values(config).every((value) => value !== undefined));
});

test('the file wins over the profile, flags over the file, --set over both', (t) => {
  const text = 'profile: smoke\nseed: 3\ninstance:\n  memory: 1GiB\n  cpus: 2\n';
  const config = resolveConfig({ ...fileOf(text), flags: { seed: 4 }, settings: ['instance.memory=256MiB'] });
  t.is(config.profile, 'smoke');
  t.is(config.seed, 4);
  t.is(config.instance.memory, 256 * 2 ** 20);
  t.is(config.instance.cpus, 2);
  t.is(config.instance.network, 'bridge');
});

for (const [name, text, place] of [
  ['an unknown setting', 'profile: quick\nbuget: 10m\n', 'lab.yaml:1:1: the file'],
  ['a wrong unit', 'profile: quick\nbudget: 10 parsecs\n', 'lab.yaml:2:9: budget'],
  ['a wrong type deep inside', 'instance:\n  cpus: many\n', 'lab.yaml:2:9: instance.cpus'],
  ['broken YAML', 'profile: [quick\n', 'lab.yaml:2:1'],
  ['a key twice', 'seed: 1\nseed: 2\n', 'lab.yaml:2:1'],
  ['a list instead of settings', '- 1\n', 'lab.yaml:1:1: the file'],
] as const) {
  test(`${name} is refused with its line and column`, (t) => {
    const error = t.throws(() => resolveConfig(fileOf(text)), { instanceOf: ConfigError });
    t.true(error.message.startsWith(place), error.message);
  });
}

test('--set refuses what is no path=value, and cannot reach a prototype', (t) => {
  for (const setting of ['memory', '=1', 'instance.memory', '__proto__.x=1', 'instance.__proto__.x=1']) {
    t.throws(() => resolveConfig({ settings: [setting] }), { instanceOf: ConfigError }, setting);
  }
  t.throws(() => resolveConfig({ settings: ['constructor.x=1'] }), { instanceOf: ConfigError });
});

test('durations and sizes keep their unit', (t) => {
  const config = resolveConfig(fileOf('budget: 1.5h\nstartTimeout: 250ms\ninstance: {memory: 0.5GiB}\n'));
  t.is(config.budget, 5_400_000);
  t.is(config.startTimeout, 250);
  t.is(config.instance.memory, 2 ** 29);
});

test('a budget smaller than the profile’s shortens its ramps in proportion, unless their time is given', (t) => {
  const rampTime = (...settings: string[]) => resolveConfig({ settings }).density.rampTime;
  t.is(rampTime('profile=standard'), 1_200_000);
  t.is(rampTime('profile=standard', 'budget=30m'), 400_000);
  t.is(rampTime('profile=standard', 'budget=3h'), 1_200_000);
  t.is(rampTime('profile=standard', 'budget=1m'), 60_000);
  t.is(rampTime('profile=paper', 'budget=4h'), 1_800_000);
  t.is(rampTime('profile=standard', 'budget=30m', 'density.rampTime=9m'), 540_000);
});

test('settings that have parts take what is given, and the rest from the profile and the defaults', (t) => {
  const config = resolveConfig({
    settings: ['profile=smoke', 'density.vms=3', 'density.loaded.vms=9', 'throughput.workloads=[fio]'],
  });
  t.deepEqual(config.density, {
    ...{ containers: 4, vms: 3, ramps: 1, arms: ['idle'], slowdown: 10 },
    ...{ loaded: { containers: 200, vms: 9 }, rampTime: 1_200_000 },
  });
  t.deepEqual(config.throughput, { workloads: ['fio'], operationTime: 200, blocks: 1, emulated: 'all', suite: null });
});

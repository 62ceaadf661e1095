import test from 'ava';
import { differences, type ParityReading } from '../../../bench/host/parity.ts';
import type { EffectiveLimits, Isolation } from '../../../bench/model/runner.ts';

const SPEC = { cpus: [1, 0], memoryBytes: 512 * 2 ** 20, diskCache: 'none' };

const CONTAINER: EffectiveLimits = {
  cpus: [0, 1],
  memoryBytes: SPEC.memoryBytes,
  swapBytes: 0,
  cpuQuota: null,
  seccomp: 2,
  capabilities: '00000000a80425fb',
  apparmor: 'docker-default (enforce)',
  vcpus: null,
  emulatorCpus: null,
  diskCache: null,
  accelerator: 'none',
  kernel: '6.1.0',
  hugePages: 'madvise',
};

const NATIVE: EffectiveLimits = {
  ...CONTAINER,
  memoryBytes: null,
  swapBytes: null,
  seccomp: 0,
  apparmor: 'unconfined',
};

const GUEST: EffectiveLimits = {
  ...CONTAINER,
  ...{ swapBytes: null, seccomp: null, capabilities: null, apparmor: null, hugePages: 'always' },
  ...{ vcpus: 2, emulatorCpus: [0], diskCache: 'none', accelerator: 'kvm', kernel: '6.12.0' },
};

function reading(runner: string, isolation: Isolation, limits: EffectiveLimits, why: ParityReading['designed'] = []) {
  return { runner, isolation, designed: why, limits };
}

const docker = reading('docker', 'container', CONTAINER);

test('instances that got what was asked have no differences, in whatever order the CPUs are named', (t) => {
  t.deepEqual(differences(SPEC, [docker, reading('runc', 'container', CONTAINER), reading('kvm', 'vm', GUEST)]), []);
});

test('a difference from the spec that nobody declared has no reason', (t) => {
  const found = differences(SPEC, [reading('runc', 'container', { ...CONTAINER, cpus: [0] })]);
  t.deepEqual(found, [{ runner: 'runc', limit: 'cpus', expected: '0,1', actual: '0', designed: null }]);
});

test('a sandbox that caches files for programs is held to the spec’s cache mode, and no other is', (t) => {
  const cached = { ...CONTAINER, diskCache: 'writeback' };
  const designed = [{ limit: 'diskCache', why: 'it opens files itself' }] as const;
  const found = differences(SPEC, [
    reading('box', 'sandbox', CONTAINER),
    reading('gvisor', 'sandbox', cached, designed),
    reading('runc', 'container', cached),
  ]);
  t.deepEqual(found, [
    { runner: 'gvisor', limit: 'diskCache', expected: 'none', actual: 'writeback', designed: 'it opens files itself' },
  ]);
  t.deepEqual(differences({ ...SPEC, diskCache: 'writeback' }, [reading('gvisor', 'sandbox', cached)]), []);
});

test('a designed difference carries its reason', (t) => {
  const designed = [{ limit: 'memoryBytes', why: 'native has no memory limit' }] as const;
  const found = differences(SPEC, [reading('native', 'none', NATIVE, designed)]);
  t.deepEqual(found, [
    {
      runner: 'native',
      limit: 'memoryBytes',
      expected: '536870912',
      actual: 'not readable',
      designed: 'native has no memory limit',
    },
  ]);
});

test('a value that cannot be read where one is expected is a difference', (t) => {
  const blind = { ...GUEST, cpus: null, vcpus: null, emulatorCpus: null, diskCache: null };
  const found = differences(SPEC, [reading('kvm', 'vm', blind)]);
  t.deepEqual(
    found.map(({ limit, actual, designed }) => [limit, actual, designed]),
    ['cpus', 'vcpus', 'emulatorCpus', 'diskCache'].map((limit) => [limit, 'not readable', null]),
  );
});

test('swap and a quota beside the limits are differences', (t) => {
  const found = differences(SPEC, [reading('runc', 'container', { ...CONTAINER, swapBytes: 2 ** 30, cpuQuota: 1.5 })]);
  t.deepEqual(
    found.map(({ limit, expected, actual }) => [limit, expected, actual]),
    [
      ['cpuQuota', 'none', '1.5'],
      ['swapBytes', '0', '1073741824'],
    ],
  );
});

test("emulator threads on CPUs outside the instance's set are a difference", (t) => {
  const found = differences(SPEC, [reading('kvm', 'vm', { ...GUEST, emulatorCpus: [1, 2] })]);
  t.like(found[0], { limit: 'emulatorCpus', expected: 'within 0,1', actual: '1,2' });
  t.is(found.length, 1);
});

test('emulator threads without any CPU named are a difference', (t) => {
  t.is(differences(SPEC, [reading('kvm', 'vm', { ...GUEST, emulatorCpus: [] })]).length, 1);
});

test('containers are compared with docker, wherever it stands', (t) => {
  const open = {
    ...CONTAINER,
    seccomp: 0,
    capabilities: '000001ffffffffff',
    apparmor: 'unconfined',
    hugePages: 'never',
  };
  const found = differences(SPEC, [reading('runc', 'container', open), docker]);
  t.deepEqual(
    found.map(({ runner, limit, expected }) => [runner, limit, expected]),
    [
      ['runc', 'seccomp', '2'],
      ['runc', 'capabilities', '00000000a80425fb'],
      ['runc', 'apparmor', 'docker-default (enforce)'],
      ['runc', 'hugePages', 'madvise'],
    ],
  );
});

test('without docker the first container is what the others are compared with', (t) => {
  const found = differences(SPEC, [
    reading('native', 'none', NATIVE, [{ limit: 'memoryBytes', why: 'none' }]),
    reading('runc', 'container', CONTAINER),
    reading('lxc', 'container', { ...CONTAINER, seccomp: 0 }),
  ]);
  t.deepEqual(
    found.filter(({ designed }) => designed === null).map(({ runner, limit }) => [runner, limit]),
    [['lxc', 'seccomp']],
  );
});

test('what a container lacks by design is not what others are compared with', (t) => {
  const why = 'it loads no filter';
  const found = differences(SPEC, [
    reading('namespace', 'container', { ...CONTAINER, seccomp: 0 }, [{ limit: 'seccomp', why }]),
    reading('runc', 'container', CONTAINER),
  ]);
  t.deepEqual(found, [{ runner: 'namespace', limit: 'seccomp', expected: '2', actual: '0', designed: why }]);
});

test('native and VMs are not held to what containers share', (t) => {
  const guest = reading('kvm', 'vm', GUEST);
  const native = reading('native', 'none', { ...NATIVE, memoryBytes: SPEC.memoryBytes });
  t.deepEqual(differences(SPEC, [docker, guest, native]), []);
});

test('the same difference of many instances is named once, another value again', (t) => {
  const runc = (seccomp: number) => reading('runc', 'container', { ...CONTAINER, seccomp });
  t.is(differences(SPEC, [docker, runc(0), runc(0), docker, runc(1)]).length, 2);
});

import test from 'ava';
import { cgroupsPath } from '../../../../runners/oci/cli.ts';
import { ociConfig } from '../../../../runners/oci/config.ts';
import { networkBatches } from '../../../../runners/oci/network.ts';
import { allowedCalls, expandBraces, seccompProfile } from '../../../../runners/oci/seccomp.ts';
import { tagOf } from '../../../../bench/proc/owner.ts';
import { fakeSpec } from '../../../helpers/fakes.ts';
import { CONTAINER as options } from '../../../helpers/oci.ts';

test('braces multiply', (t) => {
  t.deepEqual(expandBraces('{,f}stat{,64}'), ['stat', 'stat64', 'fstat', 'fstat64']);
  t.deepEqual(expandBraces('read'), ['read']);
});

test('no call is named twice, and none that Docker keeps back is named', (t) => {
  const names = allowedCalls();
  t.is(new Set(names).size, names.length);
  t.true(names.every((name) => /^[a-z_][a-z0-9_]*$/.test(name)));
  const keptBack = [
    'mount',
    'umount2',
    'unshare',
    'setns',
    'bpf',
    'keyctl',
    'add_key',
    'reboot',
    'init_module',
    'clone',
    'clone3',
    'socket',
    'personality',
    'userfaultfd',
    'perf_event_open',
    'kexec_load',
    'io_uring_setup',
    'open_by_handle_at',
    'pivot_root',
    'swapon',
    'settimeofday',
    'iopl',
  ];
  t.deepEqual(
    keptBack.filter((name) => names.includes(name)),
    [],
  );
});

test('a new thread is let through and a new namespace is not', (t) => {
  const rule = seccompProfile().syscalls.find(({ names }) => names.includes('clone'));
  t.deepEqual(rule?.args, [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]);
});

test('the limits of the spec are the limits of the container, without swap', (t) => {
  const { linux } = ociConfig(fakeSpec({ cpus: [1, 3], memoryBytes: 2 ** 28 }), options);
  t.deepEqual(linux.resources.memory, { limit: 2 ** 28, swap: 2 ** 28, disableOOMKiller: false });
  t.deepEqual(linux.resources.cpu, { cpus: '1,3' });
  t.deepEqual(linux.resources.devices[0], { allow: false, access: 'rwm' });
});

test('a cgroup namespace is made where Docker makes one, and AppArmor applied where it is loaded', (t) => {
  const types = (cgroupVersion: 1 | 2) =>
    ociConfig(fakeSpec(), { ...options, cgroupVersion }).linux.namespaces.map(({ type }) => type);
  t.false(types(1).includes('cgroup'));
  t.true(types(2).includes('cgroup'));
  t.false('apparmorProfile' in ociConfig(fakeSpec(), options).process);
  const confined = ociConfig(fakeSpec(), { ...options, apparmorProfile: 'docker-default' }).process;
  t.is('apparmorProfile' in confined && confined.apparmorProfile, 'docker-default');
});

test('the cgroup’s name bears the owner’s tag with either driver', (t) => {
  const name = 'tare-a1b2c3-runc-7';
  t.is(cgroupsPath({ version: 1, systemd: false }, 'a1b2c3', name), '/tare-a1b2c3-runc-7');
  const [slice, prefix, rest] = cgroupsPath({ version: 2, systemd: true }, 'a1b2c3', name).split(':');
  t.is(slice, 'system.slice');
  // What systemd makes of the two.
  t.is(tagOf(`${prefix}-${rest}.scope`), 'a1b2c3');
});

test('without a network only loopback is brought up', (t) => {
  t.deepEqual(networkBatches('tare-a1b2c3-0', '/state/inside.ip', undefined), {
    outside: 'netns add tare-a1b2c3-0\nnetns exec tare-a1b2c3-0 ip -batch /state/inside.ip\n',
    inside: 'link set lo up\n',
  });
});

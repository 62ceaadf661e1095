import test from 'ava';
import { tagOf } from '../../../../bench/proc/owner.ts';
import { applicationLines, type ContainerOptions, lxcConfig } from '../../../../runners/lxc/config.ts';
import type { LxcHost } from '../../../../runners/lxc/host.ts';
import { fakeSpec } from '../../../helpers/fakes.ts';

const NAME = 'tare-a1b2c3-lxc-7';

const OPTIONS: ContainerOptions = {
  name: NAME,
  tree: '/state/images/x/tree',
  upper: '/state/upper',
  link: undefined,
  haltSignal: 'SIGTERM',
  environment: { PATH: '/bin', TARE_OWNER: 'a1b2c3' },
  ...{ marks: '/state/marks', commands: '/state/commands', log: '/state/lxc.log', console: '/state/output.log' },
};

const LEASE = {
  address: '198.18.4.2',
  withPrefix: '198.18.4.2/22',
  bridge: 'tare-a1b2c3',
  [Symbol.dispose]: () => {},
};

const HOST: LxcHost = {
  cgroupVersion: 1,
  limitsSwap: true,
  apparmorProfile: undefined,
  openFiles: { soft: 1024, hard: 4096 },
  masked: [
    { path: '/proc/kcore', isFolder: false },
    { path: '/sys/firmware', isFolder: true },
  ],
};

/** Every value of a key, in order. */
function valuesOf(text: string, key: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.split(' = '))
    .flatMap(([name, ...value]) => (name === key ? [value.join(' = ')] : []));
}

const config = (over: Partial<ContainerOptions> = {}, host: LxcHost = HOST) =>
  lxcConfig(fakeSpec({ cpus: [1, 3], memoryBytes: 2 ** 28 }), { ...OPTIONS, ...over }, host, []);

test('every line is a key of LXC’s and a value', (t) => {
  const text = lxcConfig(
    fakeSpec(),
    { ...OPTIONS, link: { veth: 'tv', lease: LEASE } },
    HOST,
    applicationLines('/f', HOST),
  );
  for (const line of text.trimEnd().split('\n')) t.regex(line, /^lxc(?:\.[\w-]+)+ = \S.*$/);
});

test('the root is an overlay, and what is written lies above the tree', (t) => {
  t.deepEqual(valuesOf(config(), 'lxc.rootfs.path'), ['overlay:/state/images/x/tree:/state/upper']);
});

test('CPUs and memory are limited, without swap, in a cgroup whose name tells the owner', (t) => {
  const text = config();
  t.deepEqual(valuesOf(text, 'lxc.cgroup.cpuset.cpus'), ['1,3']);
  t.deepEqual(valuesOf(text, 'lxc.cgroup.memory.limit_in_bytes'), ['268435456']);
  t.deepEqual(valuesOf(text, 'lxc.cgroup.memory.memsw.limit_in_bytes'), ['268435456']);
  // LXC writes them in their order: memory and swap together may not be less than memory.
  t.true(text.indexOf('memory.limit_in_bytes') < text.indexOf('memory.memsw'));
  t.is(tagOf(valuesOf(text, 'lxc.cgroup.dir')[0] ?? ''), 'a1b2c3');
});

test('on v2 the limits have its names, and v1’s are not there', (t) => {
  const text = config({}, { ...HOST, cgroupVersion: 2 });
  t.deepEqual(valuesOf(text, 'lxc.cgroup2.cpuset.cpus'), ['1,3']);
  t.deepEqual(valuesOf(text, 'lxc.cgroup2.memory.max'), ['268435456']);
  t.deepEqual(valuesOf(text, 'lxc.cgroup2.memory.swap.max'), ['0']);
  t.is(valuesOf(text, 'lxc.cgroup2.devices.deny').length, 1);
  t.notRegex(text, /^lxc\.cgroup\.(?!dir)/m);
});

test('where the kernel does not count swap nothing is said of it: LXC would not start', (t) => {
  for (const cgroupVersion of [1, 2] as const)
    t.notRegex(config({}, { ...HOST, cgroupVersion, limitsSwap: false }), /sw/);
});

test('all devices are denied but the few that are named, and no node of the host’s disk is among them', (t) => {
  const text = config();
  t.deepEqual(valuesOf(text, 'lxc.cgroup.devices.deny'), ['a']);
  const allowed = valuesOf(text, 'lxc.cgroup.devices.allow');
  t.true(allowed.includes('c 1:3 rwm'));
  t.false(allowed.some((rule) => rule.startsWith('b') && rule !== 'b *:* m'));
  t.false(allowed.some((rule) => rule.startsWith('c *') && rule !== 'c *:* m'));
});

test('an instance has its lease’s address and the owner’s link on the bridge, and no way out', (t) => {
  const text = config({ link: { veth: 'tva1b2c37', lease: LEASE } });
  t.deepEqual(valuesOf(text, 'lxc.net.0.type'), ['veth']);
  t.deepEqual(valuesOf(text, 'lxc.net.0.link'), ['tare-a1b2c3']);
  t.deepEqual(valuesOf(text, 'lxc.net.0.veth.pair'), ['tva1b2c37']);
  t.deepEqual(valuesOf(text, 'lxc.net.0.ipv4.address'), ['198.18.4.2/22']);
  t.deepEqual(valuesOf(text, 'lxc.net.0.hwaddr'), ['52:54:00:12:04:02']);
  t.notRegex(text, /gateway/);
});

test('without a network there is loopback, which is up', (t) => {
  const text = config();
  t.deepEqual(valuesOf(text, 'lxc.net.0.type'), ['empty']);
  t.deepEqual(valuesOf(text, 'lxc.net.0.flags'), ['up']);
  t.notRegex(text, /veth|bridge/);
});

test('the mark channel is mounted where the probe looks for it', (t) => {
  t.deepEqual(valuesOf(config(), 'lxc.mount.entry'), [
    '/state/marks tare/marks none bind 0 0',
    '/state/commands tare/commands none bind 0 0',
  ]);
});

test('an application keeps Docker’s capabilities and no other', (t) => {
  const [kept = ''] = valuesOf(applicationLines('/f', HOST).join('\n'), 'lxc.cap.keep');
  const names = kept.split(' ');
  t.is(names.length, 14);
  t.true(names.includes('net_bind_service') && names.includes('mknod'));
  t.false(names.includes('sys_admin') || names.includes('net_admin'));
});

test('an AppArmor profile is used where one is loaded, and its limit of open files where it is known', (t) => {
  const lines = (host: LxcHost) => applicationLines('/f', host).join('\n');
  t.deepEqual(valuesOf(lines(HOST), 'lxc.apparmor.profile'), ['unconfined']);
  const loaded = { ...HOST, apparmorProfile: 'lxc-container-default-cgns', openFiles: undefined };
  t.deepEqual(valuesOf(lines(loaded), 'lxc.apparmor.profile'), ['lxc-container-default-cgns']);
  t.deepEqual(valuesOf(lines(HOST), 'lxc.prlimit.nofile'), ['1024:4096']);
  t.deepEqual(valuesOf(lines(loaded), 'lxc.prlimit.nofile'), []);
});

test('folders are hidden by an empty one that nobody can fill, files by the null device', (t) => {
  const mounts = valuesOf(applicationLines('/f', HOST).join('\n'), 'lxc.mount.entry');
  t.true(mounts.includes('/dev/null proc/kcore none bind,optional 0 0'));
  t.true(mounts.some((line) => /^tmpfs sys\/firmware tmpfs ro,\S+ 0 0$/.test(line)));
  t.true(mounts.some((line) => line.startsWith('proc/irq proc/irq none bind,relative,ro,')));
});

import test from 'ava';
import { hierarchies, cgroupVersion, limitsOf, missingControllers } from '../../../runners/shared/cgroups.ts';
import { chosen, parseCpuList, statusField } from '../../../runners/shared/describe.ts';
import { parseMounts } from '../../../runners/shared/mounts.ts';
import { linkTag, podmanBridgeName, podmanKeeperName, vethName } from '../../../runners/shared/netns.ts';
import { isRunning, ownLineage, parseStat } from '../../../runners/shared/processes.ts';

const V1 = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset,clone_children
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 27 0:50 / /srv/with\\040space\\134and\\011tab rw shared:1 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d`;

test('mount points are unescaped, optional fields skipped, options kept', (t) => {
  const mounts = parseMounts(V1);
  t.is(mounts.length, 6);
  const last = mounts.at(-1);
  t.is(last?.mountPoint, '/srv/with space\\and\ttab');
  t.is(last?.type, 'overlay');
  t.true(last?.superOptions.includes('upperdir=/c'));
  t.deepEqual(parseMounts('nonsense\n\n'), []);
});

test('the version that limits memory is the version of the host, also where both are mounted', (t) => {
  const all = hierarchies(parseMounts(V1));
  t.is(cgroupVersion(all), 1);
  t.deepEqual(missingControllers(all), []);
  t.deepEqual(all.find(({ mountPoint }) => mountPoint.endsWith('cpuset'))?.controllers, ['cpuset']);
  const unified = { version: 2, controllers: ['cpu', 'memory'], mountPoint: '/sys/fs/cgroup', root: '/' } as const;
  t.is(cgroupVersion([unified]), 2);
  t.deepEqual(missingControllers([unified]), ['cpuset']);
  t.is(cgroupVersion([]), null);
});

test('a limit that cannot be read is unknown, never zero', (t) => {
  const nowhere = new Map([['memory', '/nowhere']]);
  t.deepEqual(limitsOf(nowhere), { memoryBytes: null, swapBytes: null, cpuQuota: null });
  t.deepEqual(limitsOf(new Map([['', '/nowhere']])), { memoryBytes: null, swapBytes: null, cpuQuota: null });
});

test('a process’s name may hold brackets and spaces', (t) => {
  const fields = ['S', 7, 8, 9, ...Array.from({ length: 9 }, () => 0), 3, 4, 0, 0, 0, 0, '12345', 0];
  const stat = parseStat(`42 (a) b (c)) ${fields.join(' ')}`);
  t.deepEqual(stat, { pid: 42, state: 'S', ppid: 7, session: 9, reapedTicks: 7, startTime: '12345' });
  t.true(isRunning(stat));
  t.false(isRunning(parseStat(`42 (x) ${['Z', ...fields.slice(1)].join(' ')}`)));
  t.is(parseStat('nonsense'), undefined);
  t.is(parseStat('1 (x) S'), undefined);
});

test('this process and its ancestors are spared by every sweep', (t) => {
  t.true(ownLineage().has(process.pid));
  t.true(ownLineage().has(process.ppid));
  t.false(ownLineage().has(0));
});

test('lists of CPUs, fields and choices are read, and nothing is made up', (t) => {
  t.deepEqual(parseCpuList('0-2,7'), [0, 1, 2, 7]);
  t.is(parseCpuList(''), null);
  t.is(parseCpuList('all'), null);
  t.is(statusField('Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n', 'Seccomp'), '2');
  t.is(statusField('Name:\tx\n', 'Seccomp'), null);
  t.is(chosen('always [madvise] never'), 'madvise');
  t.is(chosen(null), null);
});

test('links of ours bear the tag and fit into the kernel’s 15 characters', (t) => {
  t.is(vethName('a1b2c3', 9_999_999).length, 15);
  t.is(linkTag(vethName('a1b2c3', 12)), 'a1b2c3');
  t.is(linkTag('tare-a1b2c3'), 'a1b2c3');
  t.is(linkTag('tda1b2c3'), 'a1b2c3');
  for (const name of [podmanBridgeName('a1b2c3'), podmanBridgeName('a1b2c3', 1), podmanKeeperName('a1b2c3', 99)]) {
    t.is(linkTag(name), 'a1b2c3', name);
    t.true(name.length <= 15);
  }
  for (const name of [
    'eth0',
    'tva1b2c',
    'tvxyzxyz1',
    'tap0',
    'tare-',
    'veth1234567',
    'tda1b2c3f',
    'tpa1b2c3f',
    'tpa1b2c3k',
    'tda1b2c3k0',
  ])
    t.is(linkTag(name), undefined);
});

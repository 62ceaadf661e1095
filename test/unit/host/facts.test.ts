import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { cgroups } from '../../../bench/host/cgroups.ts';
import { distributionName, hostFacts } from '../../../bench/host/facts.ts';
import { mountOf, parseMounts } from '../../../bench/host/mounts.ts';
import { readText } from '../../../bench/host/files.ts';
import { CAPTURED, hostTree } from './host-tree.ts';

test('the facts of a host with systemd and cgroup version 2', async (t) => {
  t.deepEqual(await hostFacts('/var/lib/tare', join(CAPTURED, 'systemd-v2')), {
    kernel: '6.1.0-56-cloud-amd64',
    distribution: 'Debian GNU/Linux 12 (bookworm)',
    cpuModel: 'QEMU TCG CPU version 2.5+',
    cpus: 2,
    memoryBytes: 1_019_244_544,
    cgroup: 'v2',
    init: 'systemd',
    virtualised: true,
    kvm: false,
    governor: null,
    smt: false,
    stateFileSystem: 'ext4',
  });
});

test('a host that says nothing gets nulls and "unknown", not guesses', async (t) => {
  using host = hostTree({ 'etc/hostname': 'bare\n' });
  const facts = await hostFacts('/var/lib/tare', host.root);
  t.like(facts, {
    cpuModel: null,
    governor: null,
    smt: null,
    cgroup: 'none',
    init: 'unknown',
    stateFileSystem: 'unknown',
  });
});

test('different governors are all named', async (t) => {
  const policy = 'sys/devices/system/cpu/cpufreq/policy';
  using host = hostTree({
    [`${policy}0/scaling_governor`]: 'powersave\n',
    [`${policy}1/scaling_governor`]: 'performance\n',
  });
  t.is((await hostFacts('/', host.root)).governor, 'performance, powersave');
});

test('a KVM device counts only on a CPU that shows what ordinary guests need', async (t) => {
  for (const [flags, works] of [
    ['fpu vmx', true],
    ['fpu svm hypervisor', true],
    ['fpu hypervisor', false],
  ] as const) {
    using host = hostTree({ 'proc/cpuinfo': `processor\t: 0\nflags\t\t: ${flags}\n`, 'dev/kvm': '' });
    t.is((await hostFacts('/', host.root)).kvm, works, flags);
  }
});

test('both cgroup versions side by side are hybrid, with the controllers of both', (t) => {
  const root = join(CAPTURED, 'no-systemd-hybrid');
  const found = cgroups(parseMounts(readText(`${root}/proc/self/mountinfo`) ?? ''), root);
  t.deepEqual(found, {
    version: 'hybrid',
    controllers: ['blkio', 'cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'],
  });
});

test('cgroup version 2 alone has the controllers that its root lists', (t) => {
  const root = join(CAPTURED, 'systemd-v2');
  const found = cgroups(parseMounts(readText(`${root}/proc/self/mountinfo`) ?? ''), root);
  t.deepEqual(found, {
    version: 'v2',
    controllers: ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'misc', 'pids', 'rdma'],
  });
});

test("systemd's own hierarchy without a controller does not make version 2 hybrid", (t) => {
  const mounts = parseMounts(
    [
      '31 22 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw',
      '32 22 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
    ].join('\n'),
  );
  t.is(cgroups(mounts, '/nonexistent').version, 'v2');
});

test('cgroup version 1 alone', (t) => {
  const mounts = parseMounts('32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n');
  t.deepEqual(cgroups(mounts), { version: 'v1', controllers: ['cpu', 'cpuacct'] });
});

test('the deepest mount holds a path, and of several at one place the last', (t) => {
  const mounts = parseMounts(
    [
      '27 1 254:0 / / rw - ext4 /dev/vda rw',
      '28 27 254:1 / /var/lib rw - xfs /dev/vdb rw',
      '29 27 0:40 /sub /var/lib/tare rw - btrfs /dev/vdc rw',
      '30 27 0:41 / /var/lib/tare rw - tmpfs tmpfs rw',
      String.raw`31 27 0:42 / /with\040space rw - zfs pool rw`,
    ].join('\n'),
  );
  t.is(mountOf(mounts, '/var/lib/tare/images')?.type, 'tmpfs');
  t.is(mountOf(mounts, '/var/lib/tarefaction')?.type, 'xfs');
  t.is(mountOf(mounts, '/var/libs')?.type, 'ext4');
  t.is(mountOf(mounts, '/with space/x')?.type, 'zfs');
});

test("a state folder that is not there yet is judged by its nearest existing parent's file system", async (t) => {
  using host = hostTree({ 'proc/self/mountinfo': '' });
  mkdirSync(join(host.root, 'state'));
  const mountinfo = `27 1 254:0 / ${host.root}/state rw - xfs /dev/vda rw\n`;
  using described = hostTree({ 'proc/self/mountinfo': mountinfo });
  t.is((await hostFacts(join(host.root, 'state/not/there'), described.root)).stateFileSystem, 'xfs');
});

test("the distribution's name comes without its quotes", (t) => {
  t.is(distributionName('ID=x\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n'), 'Ubuntu 24.04.1 LTS');
  t.is(distributionName('PRETTY_NAME=Plain\n'), 'Plain');
  t.is(distributionName('NAME=x\n'), null);
});

test('the facts of this very host can be read', async (t) => {
  const facts = await hostFacts('/var/lib/tare');
  t.true(facts.cpus >= 1 && facts.memoryBytes > 2 ** 20);
  t.not(facts.kernel, 'unknown');
});

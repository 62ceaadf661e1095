import test from 'ava';
import { tagOf } from '../../../../bench/proc/owner.ts';
import { deviceProblem } from '../../../../runners/namespace-common/probe.ts';
import {
  type CgroupSpec,
  foldersV1,
  limitsV1,
  ownCgroup,
  scopeProperties,
  upToOwn,
} from '../../../../runners/namespace-common/own-cgroup.ts';
import type { Hierarchy } from '../../../../runners/shared/cgroups.ts';

const NAME = 'tare-a1b2c3-namespace-7';
const SPEC: CgroupSpec = { name: NAME, cpus: [1, 3], memoryBytes: 2 ** 28, hierarchies: 'limiting' };

const hierarchy = (version: 1 | 2, mountPoint: string, ...controllers: readonly string[]): Hierarchy => ({
  ...{ version, mountPoint, controllers },
  root: '/',
});

/** As systemd mounts them on a host of version 1. */
const V1 = [
  hierarchy(2, '/sys/fs/cgroup/unified'),
  hierarchy(1, '/sys/fs/cgroup/systemd', 'name=systemd'),
  hierarchy(1, '/sys/fs/cgroup/cpu,cpuacct', 'cpu', 'cpuacct'),
  hierarchy(1, '/sys/fs/cgroup/cpuset', 'cpuset'),
  hierarchy(1, '/sys/fs/cgroup/memory', 'memory'),
  hierarchy(1, '/sys/fs/cgroup/devices', 'devices'),
  hierarchy(1, '/sys/fs/cgroup/freezer', 'freezer'),
];
const PARENT = { mems: '0-1', countsSwap: true };

test('what limits and counts is joined, each hierarchy once, and all of them for a program that makes cgroups itself', (t) => {
  const inside = (...names: readonly string[]) => names.map((name) => `/sys/fs/cgroup/${name}/${NAME}`);
  t.deepEqual(foldersV1(SPEC, V1), inside('cpu,cpuacct', 'cpuset', 'memory', 'devices'));
  t.deepEqual(
    foldersV1({ ...SPEC, hierarchies: 'all' }, V1),
    inside('unified', 'systemd', 'cpu,cpuacct', 'cpuset', 'memory', 'devices', 'freezer'),
  );
});

test('the limits are written before anything is in the cgroup, without swap and with Docker’s devices alone', (t) => {
  const lines = limitsV1(SPEC, V1, PARENT).split('\n');
  t.is(lines.pop(), '');
  const of = (controller: string) =>
    lines
      .filter((line) => line.startsWith(`/sys/fs/cgroup/${controller}/${NAME}/`))
      .map((line) => line.slice(`/sys/fs/cgroup/${controller}/${NAME}/`.length));
  t.deepEqual(of('cpuset'), ['cpuset.cpus 1,3', 'cpuset.mems 0-1']);
  t.deepEqual(of('memory'), ['memory.limit_in_bytes 268435456', 'memory.memsw.limit_in_bytes 268435456']);
  const [first, ...allowed] = of('devices');
  t.is(first, 'devices.deny a');
  t.true(allowed.includes('devices.allow c 1:3 rwm'));
  t.deepEqual(
    allowed.filter((line) => line.includes('*') && !line.endsWith(' m')),
    ['devices.allow c 136:* rwm'],
  );
  t.is(of('cpuset').length + of('memory').length + of('devices').length, lines.length);
  t.false(limitsV1(SPEC, V1, { ...PARENT, countsSwap: false }).includes('memsw'));
});

test('where cgroups v2 belong to systemd it is asked for a scope with the same limits, whose name bears the tag', (t) => {
  const { words, limits, folders } = ownCgroup({ version: 2, systemd: true }, SPEC, '/state/limits', []);
  const argv = words(['sh', 'container.sh']);
  t.is(argv[0], 'systemd-run');
  t.true(argv.includes('--scope') && argv.includes(`--unit=${NAME}`));
  t.is(tagOf(`${NAME}.scope`), 'a1b2c3');
  t.deepEqual(argv.slice(-3), ['--', 'sh', 'container.sh']);
  for (const property of scopeProperties(SPEC)) t.true(argv.includes(`--property=${property}`));
  for (const property of ['AllowedCPUs=1,3', 'MemoryMax=268435456', 'MemorySwapMax=0', 'DevicePolicy=strict']) {
    t.true(scopeProperties(SPEC).includes(property), property);
  }
  t.is(limits, undefined);
  t.deepEqual(folders, []);
});

test('on version 1 a script makes the cgroup and becomes the command in it', (t) => {
  const { words, limits, folders } = ownCgroup({ version: 1, systemd: false }, SPEC, '/state/limits', V1);
  const argv = words(['sh', 'container.sh']);
  t.regex(argv.slice(0, 2).join(' '), /^sh \/.*\/limited\.sh$/);
  t.deepEqual(argv.slice(2), ['/state/limits', ...folders, '--', 'sh', 'container.sh']);
  t.true(limits?.includes('memory.limit_in_bytes 268435456'));
});

test('an instance’s own cgroup is found from one below it, and nobody else’s is', (t) => {
  t.is(upToOwn(`/sys/fs/cgroup/memory/${NAME}`, NAME), `/sys/fs/cgroup/memory/${NAME}`);
  const scope = `/sys/fs/cgroup/system.slice/${NAME}.scope`;
  t.is(upToOwn(`${scope}/payload`, NAME), scope);
  t.is(upToOwn(`/sys/fs/cgroup/memory/${NAME}1`, NAME), undefined);
  t.is(upToOwn('/sys/fs/cgroup/freezer', NAME), undefined);
});

test('where nothing keeps devices away no container is made', (t) => {
  t.is(deviceProblem({ version: 1, systemd: false }, V1), undefined);
  t.is(deviceProblem({ version: 2, systemd: true }, []), undefined);
  const codes = [
    deviceProblem({ version: 2, systemd: false }, [hierarchy(2, '/sys/fs/cgroup', 'memory', 'cpuset')]),
    deviceProblem({ version: 1, systemd: false }, [hierarchy(1, '/sys/fs/cgroup/memory', 'memory')]),
  ].map((problem) => (problem?.ok === false ? problem.code : undefined));
  t.deepEqual(codes, ['NO_DEVICE_FILTER', 'NO_CONTROLLER']);
});

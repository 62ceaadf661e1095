import { join } from 'node:path';
import test from 'ava';
import { readText } from '../../../bench/host/files.ts';
import { ownCgroups, parseMeminfo, readMemory } from '../../../bench/host/memory.ts';
import { CAPTURED, hostTree } from './host-tree.ts';

const GIB = 2 ** 30;
const MEMINFO = 'MemTotal:       16777216 kB\nMemFree:         1000000 kB\nMemAvailable:   12582912 kB\n';
/** What the kernel says where there is no limit. */
const UNLIMITED = '9223372036854771712\n';

const V1_MOUNTS = [
  '31 22 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro',
  '32 31 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '33 31 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
].join('\n');
const V2_MOUNTS = '31 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';

function v1(folder: string, limit: string, usage: number, inactive: number) {
  const at = `sys/fs/cgroup/memory${folder}`;
  return {
    [`${at}/memory.limit_in_bytes`]: limit,
    [`${at}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${at}/memory.stat`]: `cache 5\ninactive_file 7\ntotal_inactive_file ${inactive}\n`,
  };
}

function v2(folder: string, max: string, current: number, inactive: number) {
  const at = `sys/fs/cgroup${folder}`;
  return {
    [`${at}/memory.max`]: max,
    [`${at}/memory.current`]: `${current}\n`,
    [`${at}/memory.stat`]: `anon 5\ninactive_file ${inactive}\n`,
  };
}

/** What is read on a host of these files. */
function memoryOf(files: Readonly<Record<string, string>>) {
  using host = hostTree({ 'proc/meminfo': MEMINFO, ...files });
  return readMemory(ownCgroups('memory', host.root), host.root);
}

const HOST = { totalBytes: 16 * GIB, availableBytes: 12 * GIB, hostUsedBytes: 4 * GIB };

test('without a limited cgroup the host says how much there is', (t) => {
  t.deepEqual(memoryOf({}), HOST);
  const hybrid = { 'proc/self/mountinfo': V1_MOUNTS, 'proc/self/cgroup': '4:memory:/a/b\n0::/\n' };
  t.deepEqual(memoryOf({ ...hybrid, ...v1('/a/b', UNLIMITED, 5, 1), ...v1('/a', UNLIMITED, 5, 1) }), HOST);
});

test('what this process holds itself is not counted as used', (t) => {
  const files = { 'proc/self/status': 'Name:\tnode\nRssAnon:\t 1048576 kB\nRssFile:\t 4096 kB\n' };
  t.deepEqual(memoryOf(files), { ...HOST, hostUsedBytes: 3 * GIB });
});

test('version 1: the lowest limit on the way up counts, and page cache in it can be dropped', (t) => {
  const files = {
    'proc/self/mountinfo': V1_MOUNTS,
    'proc/self/cgroup': '5:cpu:/x\n4:memory:/a/b\n0::/\n',
    ...v1('/a/b', `${8 * GIB}\n`, 2 * GIB, GIB),
    ...v1('/a', `${4 * GIB}\n`, 3 * GIB, GIB),
    ...v1('', UNLIMITED, 9 * GIB, 0),
  };
  t.deepEqual(memoryOf(files), { totalBytes: 4 * GIB, availableBytes: 2 * GIB, hostUsedBytes: 4 * GIB });
});

test('version 2: the same, and "max" is no limit', (t) => {
  const files = {
    'proc/self/mountinfo': V2_MOUNTS,
    'proc/self/cgroup': '0::/user.slice/tare.scope\n',
    ...v2('/user.slice/tare.scope', 'max\n', 2 * GIB, 0),
    ...v2('/user.slice', `${6 * GIB}\n`, 5 * GIB, 3 * GIB),
  };
  t.deepEqual(memoryOf(files), { totalBytes: 6 * GIB, availableBytes: 4 * GIB, hostUsedBytes: 4 * GIB });
});

test('a cgroup that is over its limit leaves nothing, and never less', (t) => {
  const files = {
    'proc/self/mountinfo': V2_MOUNTS,
    'proc/self/cgroup': '0::/a\n',
    ...v2('/a', `${GIB}\n`, 2 * GIB, 0),
  };
  t.is(memoryOf(files).availableBytes, 0);
});

test('in a container the limit is read where its own part of the tree is seen', (t) => {
  const seen = {
    'proc/self/mountinfo': V1_MOUNTS.replace('0:27 / ', '0:27 /docker/abc '),
    ...v1('', `${GIB}\n`, 0, 0),
  };
  t.is(memoryOf({ ...seen, 'proc/self/cgroup': '4:memory:/docker/abc\n' }).totalBytes, GIB);
  t.is(memoryOf({ ...seen, 'proc/self/cgroup': '4:memory:/\n' }).totalBytes, GIB);
  const namespaced = { 'proc/self/mountinfo': V2_MOUNTS, ...v2('', `${GIB}\n`, 0, 0) };
  t.is(memoryOf({ ...namespaced, 'proc/self/cgroup': '0::/../../elsewhere\n' }).totalBytes, GIB);
});

test('the way up ends at the mount point', (t) => {
  using host = hostTree({ 'proc/self/mountinfo': V1_MOUNTS, 'proc/self/cgroup': '4:memory:/a/b\n' });
  const folders = ownCgroups('memory', host.root).map(({ folder }) => folder.slice(host.root.length));
  t.deepEqual(
    folders,
    ['/a/b', '/a', ''].map((below) => `/sys/fs/cgroup/memory${below}`),
  );
});

test('a captured host', (t) => {
  const captured = parseMeminfo(readText(join(CAPTURED, 'systemd-v2/proc/meminfo')) ?? '');
  t.true(captured !== null && captured.totalBytes > captured.availableBytes && captured.availableBytes > 2 ** 20);
});

test('a host that does not tell what is available is refused rather than guessed', (t) => {
  t.is(parseMeminfo('MemTotal: 5 kB\n'), null);
  t.is(parseMeminfo('garbage\0MemAvailable: x kB'), null);
  t.throws(() => memoryOf({ 'proc/meminfo': 'MemTotal: 5 kB\n' }), { code: 'NO_MEMINFO' } as never);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { hostCpuNs } from '../../../bench/host/cpu-time.ts';
import { parseProcessStat } from '../../../bench/host/process-stat.ts';
import { CAPTURED, hostTree, statLine } from './host-tree.ts';

const SELF = { 'proc/self/stat': statLine({ pid: 9, comm: 'node', utime: 500, stime: 500 }) };

test("systemd's own line is read", (t) => {
  const stat = parseProcessStat(readFileSync(join(CAPTURED, 'systemd-v2/proc/1/stat'), 'utf8'));
  t.deepEqual(stat, { pid: 1, comm: 'systemd', ppid: 0, ownTicks: 414, reapedTicks: 1121, startTime: '50' });
});

test('a name with brackets and spaces does not shift the fields', (t) => {
  const stat = parseProcessStat(statLine({ pid: 7, comm: 'a) S 1 (b', ppid: 3, utime: 11, stime: 2 }));
  t.is(stat?.comm, 'a) S 1 (b');
  t.is(stat?.ppid, 3);
  t.is(stat?.ownTicks, 13);
});

test('a text that is no such line gives null', (t) => {
  t.is(parseProcessStat(''), null);
  t.is(parseProcessStat('1 (cut) S 0 1 1'), null);
});

test('living threads count to the nanosecond', (t) => {
  using host = hostTree({
    ...SELF,
    'proc/5/stat': statLine({ pid: 5, comm: 'dockerd', utime: 1, stime: 1 }),
    'proc/5/task/5/schedstat': '21000001 80990 3\n',
    'proc/5/task/6/schedstat': '4000002 5 1\n',
  });
  t.is(hostCpuNs([5], host.root), 25_000_003);
});

test('what ended threads used is not lost', (t) => {
  using host = hostTree({
    ...SELF,
    'proc/5/stat': statLine({ pid: 5, comm: 'libvirtd', utime: 40, stime: 2 }),
    'proc/5/task/5/schedstat': '21000001 80990 3\n',
  });
  t.is(hostCpuNs([5], host.root), 420_000_000);
});

test('children that were waited for count, of the processes and of tare', (t) => {
  using host = hostTree({
    'proc/self/stat': statLine({ pid: 9, comm: 'node', utime: 999, cutime: 3, cstime: 1 }),
    'proc/5/stat': statLine({ pid: 5, comm: 'dockerd', cutime: 2, cstime: 5 }),
  });
  t.is(hostCpuNs([5], host.root), 110_000_000);
});

test('a process named twice counts once', (t) => {
  using host = hostTree({ ...SELF, 'proc/5/stat': statLine({ pid: 5, comm: 'dockerd', utime: 3 }) });
  t.is(hostCpuNs([5, 5], host.root), 30_000_000);
});

test('a process that is gone makes the sum unknown', (t) => {
  using host = hostTree(SELF);
  t.is(hostCpuNs([], host.root), 0);
  t.is(hostCpuNs([5], host.root), null);
});

test('the CPU time of this very process never falls', (t) => {
  const first = hostCpuNs([process.pid]);
  const second = hostCpuNs([process.pid]);
  t.true(first !== null && second !== null && first > 0 && second >= first);
});

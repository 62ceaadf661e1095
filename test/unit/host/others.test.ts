import test from 'ava';
import { othersNs, readProcessTable } from '../../../bench/host/others.ts';
import { hostTree, statLine } from './host-tree.ts';

const SELF = 100;
const MS_PER_TICK = 10;

type Process = Parameters<typeof statLine>[0];

const HOST: readonly Process[] = [
  { pid: 1, comm: 'systemd', ppid: 0 },
  { pid: 2, comm: 'kthreadd', ppid: 0 },
  { pid: 3, comm: 'kworker/0:1', ppid: 2 },
  { pid: 50, comm: 'bash' },
  { pid: SELF, comm: 'node', ppid: 50 },
  { pid: 60, comm: 'dockerd' },
  { pid: 70, comm: 'make' },
];

/** The host's processes with some of them changed or added, and some gone. */
function table(changed: readonly Process[], gone: readonly number[] = []) {
  const processes = new Map([...HOST, ...changed].map((process) => [process.pid, process]));
  for (const pid of gone) processes.delete(pid);
  const files = [...processes.values()].map((process) => [`proc/${process.pid}/stat`, statLine(process)] as const);
  using host = hostTree(Object.fromEntries(files));
  return readProcessTable(SELF, host.root);
}

function othersMs(before: ReturnType<typeof table>, after: ReturnType<typeof table>): number {
  return othersNs(before, after) / 1e6;
}

test('nothing changed is nothing used', (t) => {
  t.is(othersMs(table([]), table([])), 0);
});

test('work of a foreign process counts, with the children that it waited for', (t) => {
  const after = table([{ pid: 70, comm: 'make', utime: 3, stime: 1, cutime: 20 }]);
  t.is(othersMs(table([]), after), 24 * MS_PER_TICK);
});

test('a foreign process that came counts from its start', (t) => {
  t.is(othersMs(table([]), table([{ pid: 80, comm: 'cc1', ppid: 70, utime: 5 }])), 5 * MS_PER_TICK);
});

test('tare, its descendants and the daemons that work for it do not count', (t) => {
  const after = table([
    { pid: SELF, comm: 'node', ppid: 50, utime: 90, cutime: 90 },
    { pid: 101, comm: 'runc', ppid: SELF, utime: 9 },
    { pid: 102, comm: 'redis-server', ppid: 101, utime: 9 },
    { pid: 60, comm: 'dockerd', utime: 30, cutime: 30 },
    { pid: 61, comm: 'containerd-shim', utime: 2 },
  ]);
  t.is(othersMs(table([]), after), 0);
});

test('what init and the ancestors of tare inherit from our instances does not count', (t) => {
  const after = table([
    { pid: 1, comm: 'systemd', ppid: 0, cutime: 500 },
    { pid: 50, comm: 'bash', utime: 2, cutime: 500 },
  ]);
  t.is(othersMs(table([]), after), 2 * MS_PER_TICK);
});

test('kernel threads do not count', (t) => {
  t.is(othersMs(table([]), table([{ pid: 3, comm: 'kworker/0:1', ppid: 2, stime: 40 }])), 0);
});

test('a child that ended counts with what it used meanwhile, not with its whole life', (t) => {
  const before = table([{ pid: 80, comm: 'cc1', ppid: 70, utime: 1000 }]);
  const after = table([{ pid: 70, comm: 'make', cutime: 1004 }]);
  t.is(othersMs(before, after), 4 * MS_PER_TICK);
});

test('a process that ended without being waited for takes nothing from the others', (t) => {
  const before = table([{ pid: 80, comm: 'cc1', ppid: 70, utime: 1000 }]);
  t.is(othersMs(before, table([{ pid: 70, comm: 'make', utime: 3 }])), 3 * MS_PER_TICK);
});

test('a reused pid is another process', (t) => {
  const before = table([{ pid: 80, comm: 'old', utime: 1000, startTime: 10 }]);
  const after = table([{ pid: 80, comm: 'new', utime: 6, startTime: 99 }]);
  t.is(othersMs(before, after), 6 * MS_PER_TICK);
});

test('the processes of this host are read, itself among them, without kernel threads', (t) => {
  const { processes } = readProcessTable();
  t.true(processes.has(process.pid));
  t.false(processes.has(2));
});

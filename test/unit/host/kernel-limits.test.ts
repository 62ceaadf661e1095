import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseFullPressure } from '../../../bench/host/counters.ts';
import { readText } from '../../../bench/host/files.ts';
import { kernelCounters } from '../../../bench/host/kernel-limits.ts';
import { CAPTURED, hostTree } from './host-tree.ts';

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
198.18.4.2       0x1         0x0         00:00:00:00:00:00     *        tare-a1b2c3
`;

const FILES = {
  'proc/loadavg': '4.00 1.94 0.87 7/236 23605\n',
  'proc/sys/kernel/pid_max': '32768\n',
  'proc/sys/kernel/threads-max': '192729\n',
  'proc/sys/fs/inotify/max_user_instances': '128\n',
  'proc/sys/fs/aio-nr': '0\n',
  'proc/sys/fs/aio-max-nr': '65536\n',
  'proc/net/arp': ARP,
  'proc/sys/net/ipv4/neigh/default/gc_thresh3': '1024\n',
  'proc/sys/kernel/pty/nr': '5\n',
  'proc/sys/kernel/pty/max': '4096\n',
  'proc/sys/kernel/pty/reserve': '1024\n',
  'proc/sys/fs/mount-max': '100000\n',
  'proc/self/mountinfo': '31 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  'proc/self/cgroup': '0::/a\n',
  'proc/self/limits':
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 4096                 files\n',
  'proc/self/fd/0': '',
  'sys/fs/cgroup/a/pids.current': '17\n',
  'sys/fs/cgroup/a/pids.max': '200\n',
  'sys/fs/cgroup/pids.max': 'max\n',
  'proc/7/status': 'Name:\tx\nUid:\t64055\t64055\t64055\t64055\n',
  'proc/8/status': 'Name:\ty\nUid:\t0\t0\t0\t0\n',
};

test('every limit is read with what is in use of it, and a tenth is left', (t) => {
  using host = hostTree(FILES);
  for (const [pid, links] of [
    [7, 2],
    [8, 1],
  ] as const) {
    mkdirSync(join(host.root, `proc/${pid}/fd`));
    for (let at = 0; at < links; at += 1) symlinkSync('anon_inode:inotify', join(host.root, `proc/${pid}/fd/${at}`));
    symlinkSync('anon_inode:[eventpoll]', join(host.root, `proc/${pid}/fd/9`));
  }
  const counters = kernelCounters(host.root, host.root).slice(0, -1);
  t.deepEqual(
    counters.map(({ name, used, limit, reserve }) => [
      name.split(' (')[0]?.replace(host.root, ''),
      used,
      limit,
      reserve,
    ]),
    [
      ['processes and threads', 236, 32_768, 3277],
      ['tasks of the cgroup /sys/fs/cgroup/a', 17, 200, 20],
      ['inotify instances of user 64055', 2, 128, 13],
      ['inotify instances of user 0', 1, 128, 13],
      ['asynchronous I/O requests', 0, 65_536, 6554],
      ['IPv4 neighbours', 2, 1024, 103],
      ['pseudo-terminals', 5, 3072, 308],
      ['mounts', 2, 100_000, 10_000],
      ['open files of tare', 1, 1024, 103],
    ],
  );
});

test('the disk counts up as its free space goes down', (t) => {
  using host = hostTree({});
  const disk = kernelCounters(host.root, host.root).at(-1);
  t.regex(disk?.name ?? '', /^free space below/);
  t.true((disk?.used ?? 0) < 0 && disk?.limit === 0 && disk.reserve === 2 * 2 ** 30);
});

test('a host that tells nothing has no limits but its disk', (t) => {
  using host = hostTree({
    'proc/loadavg': 'garbage',
    'proc/sys/kernel/pid_max': 'x',
    'proc/net/arp': 'one line',
  });
  t.is(kernelCounters(host.root, host.root).length, 1);
});

test('pressure is the share of the last ten seconds; absent or switched off it is nothing', (t) => {
  t.is(parseFullPressure(readText(join(CAPTURED, 'no-systemd-hybrid/proc/pressure/memory')) ?? ''), 0);
  t.is(
    parseFullPressure('some avg10=9.00 avg60=0 avg300=0 total=1\nfull avg10=5.31 avg60=1.2 avg300=0.1 total=9\n'),
    5.31,
  );
  t.is(parseFullPressure('some avg10=9.00 avg60=0 avg300=0 total=1\n'), null);
  t.is(parseFullPressure(''), null);
});

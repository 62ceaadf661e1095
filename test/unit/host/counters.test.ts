import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseCpuTicks, parseFullStallUs, parseOnlineCpus, parseSwappedPages } from '../../../bench/host/counters.ts';
import { CAPTURED } from './host-tree.ts';

const HOSTS = ['systemd-v2', 'no-systemd-hybrid'] as const;

function captured(host: string, path: string): string {
  return readFileSync(join(CAPTURED, host, path), 'utf8');
}

for (const host of HOSTS) {
  test(`the counters of ${host} are read`, (t) => {
    const stat = captured(host, 'proc/stat');
    const ticks = parseCpuTicks(stat);
    t.is(parseOnlineCpus(stat), 2);
    const columns = stat.split('\n')[0]?.split(/ +/).slice(1, 9).map(Number) ?? [];
    t.is(
      ticks?.total,
      columns.reduce((sum, column) => sum + column, 0),
    );
    t.is(ticks?.steal, columns[7]);
    t.is(parseSwappedPages(captured(host, 'proc/vmstat')), 0);
  });
}

test('stall time comes from the line "full", not from "some"', (t) => {
  t.is(parseFullStallUs(captured('systemd-v2', 'proc/pressure/io')), 358_577);
  t.is(parseFullStallUs(captured('systemd-v2', 'proc/pressure/memory')), 0);
});

test('for the CPU of a whole host the kernel leaves "full" at 0, however long tasks waited', (t) => {
  const pressure = captured('systemd-v2', 'proc/pressure/cpu');
  t.regex(pressure, /^some .*total=8671611$/m);
  t.is(parseFullStallUs(pressure), 0);
});

test('guest time, which user time holds already, is not counted twice', (t) => {
  t.deepEqual(parseCpuTicks('cpu  100 0 10 1000 5 0 1 7 90 3\ncpu0 1 0 0 0 0 0 0 0 0 0\n'), { total: 1123, steal: 7 });
});

test('pages swapped in and out are added', (t) => {
  t.is(parseSwappedPages('nr_free 1\npswpin 3\npswpout 4\n'), 7);
});

test('a text without the figure gives null, not 0', (t) => {
  t.is(parseCpuTicks(''), null);
  t.is(parseCpuTicks('cpu  1 2 3\n'), null);
  t.is(parseSwappedPages('pswpin 1\n'), null);
  t.is(parseFullStallUs('some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n'), null);
});

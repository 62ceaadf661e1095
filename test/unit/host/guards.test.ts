import { join } from 'node:path';
import test from 'ava';
import { GuardSampler, readGuards } from '../../../bench/host/guards.ts';
import { type HostSnapshot, takeSnapshot } from '../../../bench/host/snapshot.ts';
import { CAPTURED, hostTree, statLine } from './host-tree.ts';

const NAMES = ['throttling', 'steal', 'swap', 'memory-pressure', 'frequency', 'others', 'clock'];

const QUIET: HostSnapshot = {
  clocks: { monotonicNs: 1_000_000_000n, realtimeMs: 1_700_000_000_000 },
  cpus: 2,
  throttling: new Map([['cpu0/core_throttle_count', 5]]),
  ticks: { total: 1000, steal: 10 },
  swappedPages: 40,
  memoryStallUs: 7,
  frequency: new Map([['policy0', { governor: 'performance', limits: '800000 3000000' }]]),
  table: { self: 100, processes: new Map() },
};

/** Ten quiet seconds later, but for what is given. */
function later(changed: Partial<HostSnapshot> = {}): HostSnapshot {
  return {
    ...QUIET,
    clocks: { monotonicNs: 11_000_000_000n, realtimeMs: 1_700_000_010_000 },
    ticks: { total: 3000, steal: 10 },
    ...changed,
  };
}

function reading(guard: string, before: HostSnapshot, after: HostSnapshot) {
  const found = readGuards(before, after).find((candidate) => candidate.guard === guard);
  if (!found) throw new RangeError(`no guard ${guard}`);
  return found;
}

test('on a quiet host no guard trips, and each says so with a value', (t) => {
  const readings = readGuards(QUIET, later());
  t.deepEqual(
    readings.map(({ guard }) => guard),
    NAMES,
  );
  for (const { guard, tripped, value } of readings) t.deepEqual([guard, tripped, value], [guard, false, 0]);
});

test('a host that says nothing has null values and trips nothing, and says why', (t) => {
  const silent = { throttling: new Map(), ticks: null, swappedPages: null, memoryStallUs: null, frequency: new Map() };
  const readings = readGuards({ ...QUIET, ...silent }, later(silent));
  for (const guard of ['throttling', 'steal', 'swap', 'memory-pressure', 'frequency']) {
    const found = readings.find((candidate) => candidate.guard === guard);
    t.is(found?.value, null, guard);
    t.false(found?.tripped, guard);
    t.not(found?.message, '', guard);
  }
});

test('one throttle event trips', (t) => {
  const after = later({ throttling: new Map([['cpu0/core_throttle_count', 6]]) });
  t.like(reading('throttling', QUIET, after), { tripped: true, value: 1 });
});

test('a counter of a CPU that came online meanwhile is no event', (t) => {
  const after = later({ throttling: new Map([...QUIET.throttling, ['cpu1/core_throttle_count', 900]]) });
  t.like(reading('throttling', QUIET, after), { tripped: false, value: 0 });
});

test('steal trips above one percent of the CPU time', (t) => {
  t.like(reading('steal', QUIET, later({ ticks: { total: 3000, steal: 30 } })), { tripped: false, value: 1 });
  t.like(reading('steal', QUIET, later({ ticks: { total: 3000, steal: 40 } })), { tripped: true, value: 1.5 });
});

test('one swapped page trips', (t) => {
  t.like(reading('swap', QUIET, later({ swappedPages: 41 })), { tripped: true, value: 1 });
});

test('memory stalls trip above one percent of the time', (t) => {
  t.like(reading('memory-pressure', QUIET, later({ memoryStallUs: 7 + 100_000 })), { tripped: false, value: 1 });
  t.like(reading('memory-pressure', QUIET, later({ memoryStallUs: 7 + 200_000 })), { tripped: true, value: 2 });
});

test('a governor that is not the fastest is no event, one that changes is', (t) => {
  const slow = new Map([['policy0', { governor: 'powersave', limits: '800000 3000000' }]]);
  const steady = reading('frequency', { ...QUIET, frequency: slow }, later({ frequency: slow }));
  t.like(steady, { tripped: false, value: 0 });
  t.regex(steady.message, /powersave/);
  t.like(reading('frequency', QUIET, later({ frequency: slow })), { tripped: true, value: 1 });
});

test('a lowered limit of the frequency trips', (t) => {
  const lowered = new Map([['policy0', { governor: 'performance', limits: '800000 1500000' }]]);
  t.true(reading('frequency', QUIET, later({ frequency: lowered })).tripped);
});

test("foreign work trips above five percent of the host's CPU time", (t) => {
  const busy = (ticks: number) => {
    const process = { pid: 70, comm: 'make', ppid: 1, ownTicks: ticks, reapedTicks: 0, startTime: '1' };
    return later({ table: { self: 100, processes: new Map([[70, process]]) } });
  };
  t.like(reading('others', QUIET, busy(100)), { tripped: false, value: 5 });
  t.like(reading('others', QUIET, busy(200)), { tripped: true, value: 10 });
});

test('a wall clock that jumps, either way, trips', (t) => {
  const jumped = (ms: number) =>
    later({ clocks: { monotonicNs: 11_000_000_000n, realtimeMs: 1_700_000_010_000 + ms } });
  t.false(reading('clock', QUIET, jumped(10)).tripped);
  t.like(reading('clock', QUIET, jumped(3600_000)), { tripped: true, value: 3_600_000 });
  t.like(reading('clock', QUIET, jumped(-11)), { tripped: true, value: -11 });
});

for (const host of ['systemd-v2', 'no-systemd-hybrid']) {
  test(`a snapshot of ${host} has what that host says, and null for the rest`, (t) => {
    const snapshot = takeSnapshot(join(CAPTURED, host));
    t.is(snapshot.cpus, 2);
    t.is(snapshot.swappedPages, 0);
    t.not(snapshot.ticks, null);
    t.not(snapshot.memoryStallUs, null);
    t.is(snapshot.throttling.size, 0);
    t.is(snapshot.frequency.size, 0);
  });
}

test('a snapshot of hardware has throttle counters and frequency policies', (t) => {
  const cpu = 'sys/devices/system/cpu';
  using host = hostTree({
    'proc/stat': 'cpu  1 0 1 1 0 0 0 0 0 0\ncpu0 1 0 1 1 0 0 0 0 0 0\n',
    'proc/7/stat': statLine({ pid: 7, comm: 'bash' }),
    [`${cpu}/cpu0/thermal_throttle/core_throttle_count`]: '12\n',
    [`${cpu}/cpu0/thermal_throttle/package_throttle_count`]: '3\n',
    [`${cpu}/cpufreq/policy0/scaling_governor`]: 'schedutil\n',
    [`${cpu}/cpufreq/policy0/scaling_min_freq`]: '800000\n',
    [`${cpu}/cpufreq/policy0/scaling_max_freq`]: '4000000\n',
    [`${cpu}/cpufreq/boost`]: '1\n',
  });
  const snapshot = takeSnapshot(host.root);
  t.is(snapshot.throttling.get('cpu0/core_throttle_count'), 12);
  t.is(snapshot.throttling.get('cpu0/package_throttle_count'), 3);
  t.deepEqual([...snapshot.frequency], [['policy0', { governor: 'schedutil', limits: '800000 4000000  1' }]]);
});

test('a sampler reads every guard of this host between begin and end', (t) => {
  const sampler = new GuardSampler();
  sampler.begin();
  t.deepEqual(
    sampler.end().map(({ guard }) => guard),
    NAMES,
  );
});

test('a sampler that was not begun has nothing to say', (t) => {
  t.deepEqual(new GuardSampler().end(), []);
});

import test from 'ava';
import type { RampSummary } from '../../../bench/model/result.ts';
import type { EvidenceCell } from '../../../bench/verdict/claims.ts';
import { type Box, BOXES, evidenceCell, halfOf } from './evidence.ts';

function achieved(box: Box, lo: number, hi = lo, change: Partial<EvidenceCell> = {}): EvidenceCell {
  const ci = { lo, hi };
  const value = { unit: 'count', median: lo, ci, level: 0.75, n: 3, primary: false } as const;
  return evidenceCell(box, ['density', 'redis', 'achieved-idle'], { ...value, ...change });
}

function ramp(box: Box, launched: number, rule: string | null, change: Partial<RampSummary> = {}): RampSummary {
  const stop = rule === null ? null : { rule, message: `what ${rule} saw` };
  const step = { launched, ready: launched, alive: launched, usedBytes: 1e9, availableBytes: 1e10, startNs: 1e9 };
  const first = { arm: 'idle', ...step, launched: 1, ready: 1, alive: 1, stop: null };
  const steps = [first, { arm: 'idle', ...step, stop }];
  return { runner: BOXES[box].runner, workload: 'redis', block: 0, arm: 'idle', steps, ...change };
}

test('a thousand containers hold, also where the ramp ended at its ceiling', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 1000)],
    ramps: [ramp('docker', 1000, 'ceiling')],
  });
  t.is(half.verdict, 'holds');
  t.is(half.reason, 'a thousand or more; the ramp ended at its ceiling of 1000, not at a limit of the host');
  t.deepEqual(half.evidence, ['docker/density/redis/achieved-idle']);
});

test('ten thousand are more than claimed, and a hundred VMs as well', (t) => {
  const containers = { cells: [achieved('docker', 12_000)], ramps: [ramp('docker', 12_000, 'memory')] };
  t.like(halfOf('density', 'container', containers), {
    verdict: 'holds',
    reason: 'more than claimed; ended by memory: what memory saw',
  });
  const vms = { cells: [achieved('kvm', 100)], ramps: [ramp('kvm', 128, 'memory')] };
  t.regex(halfOf('density', 'vm', vms).reason, /^more than claimed/);
});

test('fewer than a thousand because no more were asked for is not resolved', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 50)],
    ramps: [ramp('docker', 50, 'ceiling')],
  });
  t.is(half.verdict, 'not-resolved');
  t.is(half.reason, 'the ramp ended at its ceiling of 50, not at a limit of the host');
});

test('fewer than a thousand because the time was over is not resolved either', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 610)],
    ramps: [ramp('docker', 610, 'time')],
  });
  t.is(half.verdict, 'not-resolved');
  t.is(half.reason, "the ramp's time was over at 610, not at a limit of the host");
});

test('fewer than a thousand by a real limit does not hold, and names the rule', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 610)],
    ramps: [ramp('docker', 640, 'memory'), ramp('docker', 640, 'memory'), ramp('docker', 640, 'memory')],
  });
  t.is(half.verdict, 'does-not-hold');
  t.is(half.reason, 'fewer than claimed; ended by memory: what memory saw');
});

test('ramps that ended differently are told apart, and one at its ceiling keeps it open', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 400, 500)],
    ramps: [ramp('docker', 512, 'memory'), ramp('docker', 512, 'memory'), ramp('docker', 500, 'ceiling')],
  });
  t.is(half.verdict, 'not-resolved');
  t.regex(half.reason, /^2 of 3: ended by memory: what memory saw; 1 of 3: the ramp ended at its ceiling of 500/);
});

test('counts across a thousand are not resolved', (t) => {
  const half = halfOf('density', 'container', {
    cells: [achieved('docker', 900, 1100)],
    ramps: [ramp('docker', 1200, 'start-time')],
  });
  t.is(half.verdict, 'not-resolved');
  t.regex(half.reason, /^the ramps reach from 900 to 1100, across 1000; ended by start-time/);
});

test('a ramp that was cut, or of which there is no record, is no limit', (t) => {
  const cut = halfOf('density', 'container', { cells: [achieved('docker', 64)], ramps: [ramp('docker', 64, null)] });
  t.like(cut, { verdict: 'not-resolved', reason: 'the ramp was cut off before any rule ended it' });
  const none = halfOf('density', 'container', { cells: [achieved('docker', 64)] });
  t.like(none, { verdict: 'not-resolved', reason: 'no record says how the ramps ended' });
});

test('only ramps of idle instances of the same runner and workload count', (t) => {
  const others = [
    ramp('kvm', 64, 'memory'),
    ramp('docker', 64, 'memory', { arm: 'loaded' }),
    ramp('docker', 64, 'memory', { workload: 'memcached' }),
  ];
  const half = halfOf('density', 'container', { cells: [achieved('docker', 64)], ramps: others });
  t.is(half.reason, 'no record says how the ramps ended');
});

test('dozens of VMs hold from ten on, fewer by a real limit do not', (t) => {
  const of = (count: number, rule: string) =>
    halfOf('density', 'vm', { cells: [achieved('kvm', count)], ramps: [ramp('kvm', count, rule)] });
  t.like(of(10, 'memory'), { verdict: 'holds', reason: 'dozens; ended by memory: what memory saw' });
  t.is(of(99, 'ceiling').verdict, 'holds');
  t.is(of(9, 'memory').verdict, 'does-not-hold');
  t.is(of(4, 'ceiling').verdict, 'not-resolved');
});

test('failed ramps are counted in the reason', (t) => {
  const half = halfOf('density', 'vm', {
    cells: [achieved('kvm', 40, 40, { failures: 1 })],
    ramps: [ramp('kvm', 48, 'memory')],
  });
  t.regex(half.reason, /; 1 failed$/);
});

test('under emulation a count says nothing', (t) => {
  const half = halfOf('density', 'vm', {
    cells: [achieved('tcg', 24)],
    ramps: [ramp('tcg', 24, 'memory')],
    columns: { vm: 'tcg' },
  });
  t.is(half.verdict, 'not-assessable');
  t.deepEqual(half.evidence, ['tcg/density/redis/achieved-idle']);
});

import test from 'ava';
import { Eta, timeLeft } from '../../../bench/cli/eta.ts';

const STARTUP = { id: 'startup', workload: { id: 'redis' } };
const DISK = { id: 'disk', workload: { id: 'redis' } };
const OTHER = { id: 'disk', workload: { id: 'memcached' } };

test('the last phase is all that is left', (t) => {
  t.is(timeLeft(89, 600, false), ', about 89 s left of this phase');
  t.is(timeLeft(0, 600, false), '');
});

test('where more follows the budget bounds what is left in all', (t) => {
  t.is(timeLeft(30, 605, true), ', about 30 s left of this phase, at most 10 min 05 s in all');
  t.is(timeLeft(0, 60, true), ', at most 60 s in all');
});

test('a budget that is spent, or that this phase alone takes, bounds nothing', (t) => {
  t.is(timeLeft(30, -5, true), ', about 30 s left of this phase');
  t.is(timeLeft(120, 60, true), ', about 2 min 00 s left of this phase');
});

test('a run is bounded until its last experiment is measured', (t) => {
  const eta = new Eta();
  eta.expect([STARTUP, OTHER, DISK], 600_000);
  t.regex(eta.left(STARTUP, 'measured', 10), /at most (?:10 min 00|9 min 59) s in all$/);
  t.regex(eta.left(OTHER, 'measured', 10), /in all$/);
  t.regex(eta.left(DISK, 'pilot', 10), /in all$/);
  t.is(eta.left(DISK, 'measured', 10), ', about 10 s left of this phase');
});

test('before it knows the run it speaks of the phase alone', (t) => {
  t.is(new Eta().left(STARTUP, 'pilot', 10), ', about 10 s left of this phase');
});

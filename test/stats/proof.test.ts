import test, { type ExecutionContext } from 'ava';
import { RUNS, simulate, statisticsDocument } from './document.ts';
import { margin } from './noise.ts';

const FULL = process.argv.includes('full');

let found: ReturnType<typeof simulate>;
let document: ReturnType<typeof statisticsDocument> | undefined;
const runs = FULL ? RUNS.full : RUNS.short;

test.serial.before('the simulations run', (t) => {
  t.timeout(30 * 60_000);
  if (FULL) document = statisticsDocument();
  found = document?.found ?? simulate(runs);
});

function sayWorst(t: ExecutionContext, what: string, shares: readonly number[], worst: 'least' | 'most') {
  const share = worst === 'least' ? Math.min(...shares) : Math.max(...shares);
  t.log(`${what}: ${(100 * share).toFixed(2)}%`);
  return share;
}

test('a 95% interval covers the true median under every kind of noise, from 6 blocks on', (t) => {
  const shares = found.coverage.map(({ covered }) => covered);
  t.is(shares.length, 5 * 7);
  t.true(sayWorst(t, 'worst coverage', shares, 'least') >= 0.95 - margin(0.95, runs.coverage));
});

test('of like runners, four comparisons claim a difference in one session of twenty at most, whatever the host does', (t) => {
  const shares = found.claims.map(({ tare }) => tare);
  t.is(shares.length, 5 * 3);
  t.true(sayWorst(t, 'worst share of sessions with a false claim', shares, 'most') <= 0.05 + margin(0.05, runs.claims));
});

test('the usual procedures claim differences that are none, on a host that drifts or where restarts differ', (t) => {
  const one = (drift: string, restarts: number) => {
    const row = found.claims.find((claims) => claims.drift === drift && claims.restarts === restarts);
    if (!row) throw new RangeError(`${drift} was not simulated`);
    return row;
  };
  t.true(one('steady', 0).starts <= 0.05 + margin(0.05, runs.claims));
  t.true(one('half of it 5% slower', 1).starts > 0.5);
  t.true(one('steady', 1).operations > 0.5);
});

test('a slowdown of 5% is found where restarts scatter by 1%, and none is seldom found where there is none', (t) => {
  const at = (slowdown: number) => found.power.find((power) => power.slowdown === slowdown);
  t.log(`5% is called slower in ${(100 * (at(0.05)?.slower ?? 0)).toFixed(2)}%`);
  t.true((at(0.05)?.slower ?? 0) >= 0.99);
  const claimed = (at(0)?.slower ?? 1) + (at(0)?.faster ?? 1);
  t.true(claimed <= 0.05 / 4 + margin(0.05 / 4, runs.power));
});

test('blocks that resemble the ones before them break the level: the known weakness', (t) => {
  const at = (share: number) => found.carried.filter((carried) => carried.share === share);
  t.true(at(0).every(({ covered }) => covered >= 0.95 - margin(0.95, runs.coverage)));
  t.true(at(0.7).every(({ covered }) => covered < 0.9));
});

test('a gate against another session’s baseline takes the sessions’ difference for a regression; in one session it does not', (t) => {
  const at = (sessionSd: number, allowed: number) =>
    found.alarms.find((alarm) => alarm.sessionSd === sessionSd && alarm.allowed === allowed);
  const shares = found.alarms.map(({ interleaved }) => interleaved);
  t.true(sayWorst(t, 'worst share of false alarms in one session', shares, 'most') <= 0.05 + margin(0.05, runs.claims));
  t.true((at(0, 0)?.stored ?? 1) <= 0.05 + margin(0.05, runs.claims));
  t.true((at(0.02, 0)?.stored ?? 0) > 0.25);
  t.true((at(0.02, 0.05)?.stored ?? 1) < 0.1);
});

if (FULL) {
  test('the tables of the document are those of these simulations', (t) => {
    t.is(document?.now, document?.anew, 'run "make stats-tables"');
  });
}

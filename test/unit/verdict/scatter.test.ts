import test from 'ava';
import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest } from '../../../bench/model/manifest.ts';
import { seededRandom } from '../../../bench/stats/random.ts';
import { scatterOf } from '../../../bench/verdict/scatter.ts';
import { renderScatter } from '../../../reports/scatter.ts';
import { normal } from '../../stats/noise.ts';
import { at, DOCKER, manifestWith, ready } from './manifests.ts';

function bundle(events: readonly JournalEvent[], change: Partial<Manifest> = {}) {
  return { folder: '/nowhere', manifest: { ...manifestWith([DOCKER]), ...change }, events, tornBytes: 0 };
}

/** Sessions that differ by 5%, starts by 2%, and five operations of each by 1%. */
function sessions(count: number) {
  const random = seededRandom(8);
  return Array.from({ length: count }, (_, session) => {
    const level = 0.05 * normal(random);
    const events = Array.from({ length: 40 }, (_block, block): JournalEvent[] => {
      const start = level + 0.02 * normal(random);
      return Array.from({ length: 5 }, (_operation, operation) => {
        const value = 1e6 * Math.exp(start + 0.01 * normal(random));
        return { type: 'sample', ...at('docker', block), metric: 'channel', operation, value };
      });
    });
    return bundle(events.flat(), { runId: `20260102-03040${session % 10}-a1b2c3` });
  });
}

test('operations, starts and sessions each have their part', (t) => {
  const [cell] = scatterOf(sessions(60)).cells;
  t.is(cell?.key, 'docker/startup/redis/channel');
  t.is(cell?.starts, 60 * 40);
  t.true(Math.abs((cell?.operation ?? 0) - 0.01) < 0.001);
  t.true(Math.abs((cell?.restart ?? 0) - 0.02) < 0.002);
  t.true(Math.abs((cell?.session ?? 0) - 0.05) < 0.015);
});

test('a cell that one of the runs lacks is left out', (t) => {
  const both = bundle([...ready('docker', [1e9, 2e9])]);
  t.deepEqual(scatterOf([both, bundle([])]).cells, []);
});

test('one run, and runs of different hosts, are refused', (t) => {
  const one = bundle(ready('docker', [1e9, 2e9]));
  t.throws(() => scatterOf([one]), { code: 'FEW_RUNS' });
  const host = { ...one.manifest.host, cpus: 64 };
  t.throws(() => scatterOf([one, bundle(one.events, { host })]), { code: 'NOT_COMPARABLE' });
});

test('it reads as a table', (t) => {
  const text = renderScatter(scatterOf(sessions(3)), { color: false, width: 120 });
  t.regex(text, /scatter over 3 runs/);
  t.regex(text, /docker\/startup\/redis\/channel +1(\.\d+)?% +\d\S*% +\d\S*% +120/);
});

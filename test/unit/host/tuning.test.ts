import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { restore, tune, tunedBy, tunedRuns, tuningOf } from '../../../bench/host/tuning.ts';

const GOVERNOR = '/sys/devices/system/cpu/cpufreq/policy0/scaling_governor';
const BOOST = '/sys/devices/system/cpu/cpufreq/boost';
const KSM = '/sys/kernel/mm/ksm/run';
const SWAPPINESS = '/proc/sys/vm/swappiness';

/** A host whose settings are plain files, and a run's folder. */
function host(t: ExecutionContext, settings: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(settings)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  }
  const folder = join(root, 'state/runs/a1b2c3');
  mkdirSync(folder, { recursive: true });
  const now = (path: string) => readFileSync(root + path, 'utf8').trim();
  return { root, folder, now };
}

const USUAL = { [GOVERNOR]: 'powersave\n', [BOOST]: '1\n', [KSM]: '0\n', [SWAPPINESS]: '60\n' };

test('what stands otherwise is set, recorded, and put back', (t) => {
  const { root, folder, now } = host(t, USUAL);
  t.deepEqual(
    tuningOf(root).map(({ path }) => path),
    [GOVERNOR, BOOST, SWAPPINESS],
  );
  const changed = tune(folder, root);
  t.deepEqual(changed, tunedBy(folder, root));
  t.deepEqual([GOVERNOR, BOOST, KSM, SWAPPINESS].map(now), ['performance', '0', '0', '1']);
  t.deepEqual(tunedRuns(join(root, 'state')), [{ folder, tag: 'a1b2c3' }]);
  t.deepEqual(restore(folder, root), []);
  t.deepEqual([GOVERNOR, BOOST, KSM, SWAPPINESS].map(now), ['powersave', '1', '0', '60']);
  t.deepEqual(tunedRuns(join(root, 'state')), []);
  t.deepEqual(restore(folder, root), []);
});

test('what somebody else has set meanwhile stays as they set it', (t) => {
  const { root, folder, now } = host(t, USUAL);
  tune(folder, root);
  writeFileSync(root + SWAPPINESS, '10\n');
  t.deepEqual(restore(folder, root), []);
  t.is(now(SWAPPINESS), '10');
  t.is(now(GOVERNOR), 'powersave');
});

test('a record that was written before the settings were is enough to put them back', (t) => {
  const { root, folder, now } = host(t, USUAL);
  writeFileSync(join(folder, 'tuned.json'), JSON.stringify(tuningOf(root)));
  // The run was killed after the first of them.
  writeFileSync(root + GOVERNOR, 'performance');
  t.deepEqual(restore(folder, root), []);
  t.deepEqual([GOVERNOR, BOOST, SWAPPINESS].map(now), ['powersave', '1', '60']);
  t.false(existsSync(join(folder, 'tuned.json')));
});

test('a host without such settings is left as it is', (t) => {
  const { root, folder } = host(t, {});
  t.deepEqual(tune(folder, root), []);
  t.deepEqual(restore(folder, root), []);
});

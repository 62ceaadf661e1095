import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Manifest } from '../../bench/model/manifest.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { resultSchema } from '../../reports/result-json.ts';
import { leftovers } from '../helpers/leftovers.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const SWAPPINESS = '/proc/sys/vm/swappiness';
/** None of the values that a tuned host has. */
const UNUSUAL = '37';
const RUN = ['run', '-p', 'smoke', '-r', 'native,runc'];

const swappiness = () => readFileSync(SWAPPINESS, 'utf8').trim();

/** A folder for bundles, and a host whose setting is known; both as they were afterwards. */
function prepared(t: ExecutionContext): string {
  const before = swappiness();
  const out = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => {
    writeFileSync(SWAPPINESS, before);
    rmSync(out, { recursive: true });
  });
  writeFileSync(SWAPPINESS, UNUSUAL);
  return out;
}

function manifestOf(bundle: string): Manifest {
  return JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as Manifest;
}

test.serial('a tuned run records what it changed, puts it back, and starts cold where that is asked for', async (t) => {
  const out = prepared(t);
  const { exitCode, all } = await tare([...RUN, '-e', 'startup,cold', '--tune', '-o', out]);
  t.is(exitCode, 0, all);
  t.is(swappiness(), UNUSUAL);
  const bundle = onlyBundle(out);
  const tuned = manifestOf(bundle).tuned?.find(({ path }) => path === SWAPPINESS);
  t.deepEqual(tuned, { path: SWAPPINESS, before: UNUSUAL, during: '1' });
  t.regex(readFileSync(join(bundle, 'report.html'), 'utf8'), /\/proc\/sys\/vm\/swappiness/);
  const { cells, failures } = resultSchema.parse(JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')));
  t.deepEqual(failures, []);
  for (const experiment of ['startup', 'cold']) {
    const ready = cells.filter((cell) => cell.experiment === experiment && cell.metric === 'ready' && cell.n > 0);
    t.true(ready.length >= 2, experiment);
  }
});

test.serial('a tuned run that is killed is put back by the reaper', async (t) => {
  const out = prepared(t);
  const run = tare(['run', '-p', 'quick', '-r', 'native,runc', '-e', 'startup', '--tune', '-o', out]);
  t.true(await waitUntil(async () => swappiness() === '1' && readdirSync(out).length === 1, { timeoutMs: 120_000 }));
  run.kill('SIGKILL');
  await run;
  t.true(await waitUntil(async () => swappiness() === UNUSUAL, { timeoutMs: 120_000 }));
  t.deepEqual(await leftovers('/var/lib/tare'), []);
});

test.serial(
  'runners are compared with themselves, without and with a slowdown, and figures come out for papers',
  async (t) => {
    const out = mkdtempSync(join(tmpdir(), 'tare-test-'));
    t.teardown(() => rmSync(out, { recursive: true }));
    const { exitCode, all } = await tare([...RUN, '-e', 'aa,inject', '--set', 'calibration.percents=[100]', '-o', out]);
    t.is(exitCode, 0, all);
    const bundle = onlyBundle(out);
    const { calibration, cells } = resultSchema.parse(JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')));
    t.deepEqual(
      calibration.map(({ experiment, runner, gates, gateBlocks }) => [experiment, runner, gates, gateBlocks]),
      ['native', 'runc'].flatMap((runner) => [
        ['aa', runner, 1, 6],
        ['inject', runner, 1, 6],
      ]),
    );
    for (const { experiment, runner, injected } of calibration) {
      if (experiment === 'aa') continue;
      t.true((injected ?? 0) > 0.5, `${runner} ${injected}`);
      const [plain = 0, slowed = 0] = ['ready-0', 'ready-100'].map((metric) => {
        return cells.find((cell) => cell.runner === runner && cell.metric === metric)?.median ?? Number.NaN;
      });
      // What a busy host adds to either is not the test's to judge: what was injected has been measured by itself.
      t.true(plain > 0 && slowed > 0, `${runner}: ${plain} and ${slowed}`);
    }
    t.regex(all ?? '', /runners against themselves/i);
    const drawn = await tare(['report', bundle, '--format', 'svg,png']);
    t.is(drawn.exitCode, 0, drawn.all);
    for (const name of ['inject.svg', 'inject.png']) t.true(existsSync(join(bundle, 'figures', name)), name);
    t.deepEqual(readFileSync(join(bundle, 'figures/inject.png')).subarray(1, 4).toString(), 'PNG');
    t.deepEqual(await leftovers('/var/lib/tare'), []);
  },
);

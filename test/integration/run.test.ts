import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import type { Result } from '../../bench/model/result.ts';
import { resultSchema } from '../../reports/result-json.ts';
import { leftovers } from '../helpers/leftovers.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const STATE = '/var/lib/tare';
const EVERY_RUNNER = ['native', 'runc', 'docker', 'kvm-direct'];

function outFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

function resultOf(bundle: string): Result {
  return resultSchema.parse(JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')));
}

/** Waits for the reaper, which works after its harness is gone. */
async function settledLeftovers(): Promise<readonly string[]> {
  let left = await leftovers(STATE);
  for (let tries = 0; left.length > 0 && tries < 120; tries += 1) {
    await delay(500);
    left = await leftovers(STATE);
  }
  return left;
}

async function appears(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1200; tries += 1) {
    if (condition()) return true;
    await delay(100);
  }
  return false;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

test.serial('a smoke run over every runner ends complete, with a bundle that stands alone', async (t) => {
  const out = outFolder(t);
  const { exitCode, all } = await tare(['run', '-p', 'smoke', '-o', out]);
  t.is(exitCode, 0, all);
  const bundle = onlyBundle(out);
  const result = resultOf(bundle);
  t.is(result.outcome, 'complete');
  t.deepEqual(result.unavailable, []);
  t.deepEqual(
    result.runners.map((runner) => runner.id),
    EVERY_RUNNER,
  );
  t.deepEqual(result.failures, [], JSON.stringify(result.failures));
  for (const runner of result.runners) {
    const ready = result.cells.find((cell) => cell.runner === runner.as && cell.metric === 'ready');
    t.true((ready?.median ?? 0) > 0, runner.as);
    const image = result.cells.find((cell) => cell.runner === runner.as && cell.metric === 'image');
    t.true((image?.median ?? 0) > 50e6, runner.as);
  }
  t.deepEqual(
    result.differences.filter((difference) => difference.designed === null),
    [],
  );
  for (const name of ['manifest.json', 'journal.ndjson', 'SHA256SUMS', 'report.html', 'table.csv', 'samples.csv']) {
    t.true(existsSync(join(bundle, name)), name);
  }
  await t.notThrowsAsync(execa('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: bundle }));

  const derived = ['result.json', 'report.html', 'table.csv', 'samples.csv', 'table.md'];
  const before = derived.map((name) => sha256(join(bundle, name)));
  for (const name of derived) rmSync(join(bundle, name));
  const again = await tare(['report', bundle]);
  t.is(again.exitCode, 0, again.all);
  t.deepEqual(
    derived.map((name) => sha256(join(bundle, name))),
    before,
  );
  t.deepEqual(await settledLeftovers(), []);
});

test.serial(
  'a deadline that nothing can meet shows as a counted failure of every runner, and leaves nothing',
  async (t) => {
    const out = outFolder(t);
    const args = ['run', '-p', 'smoke', '-e', 'startup', '--set', 'startTimeout=1ms', '-o', out];
    const { exitCode, all } = await tare(args);
    t.is(exitCode, 0, all);
    const result = resultOf(onlyBundle(out));
    for (const runner of result.runners) {
      const ready = result.cells.find((cell) => cell.runner === runner.as && cell.metric === 'ready');
      t.is(ready?.failures, 1, runner.as);
      t.is(ready?.n, 0, runner.as);
      t.is(ready?.median, null, runner.as);
    }
    const failed = result.failures.filter((failure) => failure.stage === 'start').map((failure) => failure.runner);
    const expected = [...result.runners.map((runner) => runner.as), 'null'];
    t.deepEqual(failed.toSorted(), expected.toSorted());
    t.deepEqual(await settledLeftovers(), []);
  },
);

test.serial('Ctrl-C ends a run in order: exit code 130, what was measured is kept, nothing is left', async (t) => {
  const out = outFolder(t);
  const run = tare(['run', '-p', 'quick', '-e', 'startup', '-r', 'native,runc,docker', '-o', out]);
  const measuring = await appears(
    () =>
      readdirSync(out).length === 1 &&
      readFileSync(join(onlyBundle(out), 'journal.ndjson'), 'utf8').includes('"block"'),
  );
  t.true(measuring);
  run.kill('SIGINT');
  const { exitCode, all } = await run;
  t.is(exitCode, 130, all);
  const result = resultOf(onlyBundle(out));
  t.is(result.outcome, 'interrupted');
  t.true(existsSync(join(onlyBundle(out), 'SHA256SUMS')));
  t.deepEqual(await settledLeftovers(), []);
});

for (const [name, args, waitMs] of [
  ['while it prepares', ['-r', 'native,runc,docker'], 0],
  ['while a container starts', ['-r', 'runc,docker', '-e', 'startup'], 1500],
  ['while a guest starts', ['-r', 'kvm-direct', '-e', 'startup'], 2500],
  ['while a ramp stands', ['-r', 'runc,docker', '-e', 'disk'], 6000],
] as const) {
  test.serial(`SIGKILL ${name} leaves nothing on the host, and a bundle that can be read`, async (t) => {
    const out = outFolder(t);
    const run = tare(['run', '-p', 'quick', '-o', out, ...args]);
    t.true(await appears(() => existsSync(join(STATE, 'owners')) && readdirSync(join(STATE, 'owners')).length > 0));
    if (waitMs > 0) t.true(await appears(() => readdirSync(out).length === 1));
    await delay(waitMs);
    run.kill('SIGKILL');
    await run;
    t.deepEqual(await settledLeftovers(), []);
    if (readdirSync(out).length === 0) return;
    const report = await tare(['report', onlyBundle(out)]);
    t.is(report.exitCode, 0, report.all);
    t.is(resultOf(onlyBundle(out)).outcome, 'cut');
  });
}

test.serial('a second run on the same state folder is refused while one lives', async (t) => {
  const out = outFolder(t);
  const first = tare(['run', '-p', 'quick', '-r', 'native', '-o', out]);
  t.true(await appears(() => readdirSync(out).length === 1));
  const second = await tare(['run', '-p', 'smoke', '-r', 'native', '-o', out]);
  t.is(second.exitCode, 4, second.all);
  t.regex(second.all ?? '', /is going on/);
  first.kill('SIGINT');
  await first;
  t.deepEqual(await settledLeftovers(), []);
});

test.serial('without a Docker engine the other runners still run, and the result says why it is missing', async (t) => {
  const out = outFolder(t);
  process.env['DOCKER_HOST'] = 'unix:///nonexistent/docker.sock';
  t.teardown(() => delete process.env['DOCKER_HOST']);
  const { exitCode, all } = await tare(['run', '-p', 'smoke', '-e', 'startup', '-r', 'native,runc,docker', '-o', out]);
  delete process.env['DOCKER_HOST'];
  t.is(exitCode, 0, all);
  const result = resultOf(onlyBundle(out));
  t.deepEqual(
    result.unavailable.map((runner) => runner.id),
    ['docker'],
  );
  t.not(result.unavailable[0]?.hint, '');
  t.deepEqual(
    result.runners.map((runner) => runner.id),
    ['native', 'runc'],
  );
});

test.serial('asking for KVM gives KVM or a refusal, never emulation', async (t) => {
  const out = outFolder(t);
  const args = ['run', '-p', 'smoke', '-e', 'startup', '-r', 'native,kvm-direct', '--accel', 'kvm', '-o', out];
  const { exitCode, all } = await tare(args);
  if (exitCode === 0) {
    const accelerators = resultOf(onlyBundle(out)).runners.map((runner) => runner.accel);
    t.deepEqual(accelerators, ['none', 'kvm']);
  } else {
    t.is(exitCode, 3, all);
    t.regex(all ?? '', /--accel kvm/);
    t.deepEqual(readdirSync(out), []);
  }
  t.deepEqual(await settledLeftovers(), []);
});

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import type { Result } from '../../bench/model/result.ts';
import type { Gate } from '../../bench/verdict/gate.ts';
import { resultSchema } from '../../reports/result-json.ts';
import { leftovers } from '../helpers/leftovers.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const STATE = '/var/lib/tare';
/** Whole systems take minutes for this where they are emulated: test/slow runs them. */
const EVERY_RUNNER = ['native', 'runc', 'docker', 'kvm-direct'];
/** A server with both kinds of client: emulated guests take minutes for more, and throughput.test.ts has the others. */
const PROGRAM = 'redis';

function outFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

function resultOf(bundle: string): Result {
  return resultSchema.parse(JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')));
}

async function appears(condition: () => boolean, everyMs = 100): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += everyMs) {
    if (condition()) return true;
    await delay(everyMs);
  }
  return false;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Each runner with the number of instances that stood at the end of its ramp. */
function rampEnds(result: Result): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(result.ramps.map(({ runner, steps }) => [runner, steps.at(-1)?.alive]));
}

test.serial('a smoke run over every runner ends complete, with a bundle that stands alone', async (t) => {
  t.timeout(30 * 60_000);
  const out = outFolder(t);
  const set = ['--set', `throughput.workloads=[${PROGRAM}]`];
  const { exitCode, all } = await tare(['run', '-p', 'smoke', '-r', EVERY_RUNNER.join(), ...set, '-o', out]);
  t.is(exitCode, 0, all);
  const bundle = onlyBundle(out);
  const result = resultOf(bundle);
  t.is(result.outcome, 'complete');
  t.deepEqual(result.unavailable, []);
  t.deepEqual(
    result.runners.map((runner) => runner.id),
    EVERY_RUNNER,
  );
  // A handful of instances may take less of the host's memory than the host itself moves by.
  const failures = result.failures.filter(({ code }) => code !== 'NO_SLOPE');
  t.deepEqual(failures, [], JSON.stringify(failures));
  const expected = result.runners.map(({ as, isolation }) => [as, isolation === 'vm' ? 2 : 4]);
  t.deepEqual(rampEnds(result), Object.fromEntries(expected));
  for (const runner of result.runners) {
    const ready = result.cells.find((cell) => cell.runner === runner.as && cell.metric === 'ready');
    t.true((ready?.median ?? 0) > 0, runner.as);
    const image = result.cells.find((cell) => cell.runner === runner.as && cell.metric === 'image');
    t.true((image?.median ?? 0) > 50e6, runner.as);
    const rates = result.cells.filter(
      ({ runner: of, experiment, workload }) => of === runner.as && experiment === 'throughput' && workload === PROGRAM,
    );
    t.true(rates.length > 1 && rates.every(({ median }) => (median ?? 0) > 0), runner.as);
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

  const compared = await tare(['compare', bundle, bundle, '--json']);
  t.is(compared.exitCode, 0, compared.all);
  const gate = JSON.parse(compared.stdout) as Gate;
  // One block tells nothing, and is never called a pass.
  t.is(gate.verdict, 'not-resolved');
  t.deepEqual([...new Set(gate.controls.map(({ runner }) => runner))].toSorted(), ['native', 'null']);
  t.false(gate.cells.some(({ runner }) => runner.startsWith('tcg-')));
  t.deepEqual(await leftovers(STATE), []);
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
    t.deepEqual(await leftovers(STATE), []);
  },
);

test.serial('Ctrl-C ends a run in order: exit code 130, what was measured is kept, nothing is left', async (t) => {
  const out = outFolder(t);
  const run = tare(['run', '-p', 'quick', '-e', 'startup', '-r', 'native,runc,docker', '-o', out]);
  t.teardown(() => run.kill('SIGKILL'));
  const hasBlock = () => {
    const [name = ''] = readdirSync(out);
    const journal = join(out, name, 'journal.ndjson');
    return existsSync(journal) && readFileSync(journal, 'utf8').includes('"block"');
  };
  const measuring = await appears(hasBlock);
  t.true(measuring);
  run.kill('SIGINT');
  const { exitCode, all } = await run;
  t.is(exitCode, 130, all);
  const result = resultOf(onlyBundle(out));
  t.is(result.outcome, 'interrupted');
  t.true(existsSync(join(onlyBundle(out), 'SHA256SUMS')));
  t.deepEqual(await leftovers(STATE), []);
});

for (const [name, args, waitMs] of [
  ['at its first trace', ['-r', 'native'], null],
  ['while it prepares', ['-r', 'native,runc,docker'], 0],
  ['while a container starts', ['-r', 'runc,docker', '-e', 'startup'], 1500],
  ['while a guest starts', ['-r', 'kvm-direct', '-e', 'startup'], 2500],
  ['while a guest without libvirt starts', ['-r', 'qemu', '-e', 'startup'], 1500],
  ['while a ramp stands', ['-r', 'runc,docker', '-e', 'disk'], 6000],
] as const) {
  test.serial(`SIGKILL ${name} leaves nothing on the host, and a bundle that can be read`, async (t) => {
    const out = outFolder(t);
    const run = tare(['run', '-p', 'quick', '-o', out, ...args]);
    const registered = () => existsSync(join(STATE, 'owners')) && readdirSync(join(STATE, 'owners')).length > 0;
    t.true(await appears(registered, waitMs === null ? 1 : 100));
    if (waitMs) t.true(await appears(() => readdirSync(out).length === 1));
    if (waitMs !== null) await delay(waitMs);
    run.kill('SIGKILL');
    await run;
    t.deepEqual(await leftovers(STATE), []);
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
  t.deepEqual(await leftovers(STATE), []);
});

test.serial(
  'without a Docker engine the other runners still run and the result says why, unless it was named',
  async (t) => {
    const out = outFolder(t);
    process.env['DOCKER_HOST'] = 'unix:///nonexistent/docker.sock';
    t.teardown(() => delete process.env['DOCKER_HOST']);
    const measured = ['run', '-p', 'smoke', '-e', 'startup', '-o', out];
    const { exitCode, all } = await tare([...measured, '--set', 'runners=[native, runc, docker]']);
    const named = await tare([...measured, '-r', 'native,runc,docker']);
    delete process.env['DOCKER_HOST'];
    t.is(exitCode, 0, all);
    t.is(named.exitCode, 3, 'what is asked for by name is not left out');
    t.regex(named.all ?? '', /names docker, which cannot run here/);
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
  },
);

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
  t.deepEqual(await leftovers(STATE), []);
});

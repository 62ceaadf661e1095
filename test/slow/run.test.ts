import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { resultSchema } from '../../reports/result-json.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const EXPERIMENTS = ['startup', 'disk', 'throughput', 'density'];

test.serial('a whole system takes part in all four rows of a run', async (t) => {
  t.timeout(30 * 60_000);
  const out = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(out, { recursive: true }));
  const programs = 'throughput.workloads=[redis,tinybench]';
  const { exitCode, all } = await tare(['run', '-p', 'smoke', '-r', 'native,kvm', '--set', programs, '-o', out]);
  t.is(exitCode, 0, all);
  const result = resultSchema.parse(JSON.parse(readFileSync(join(onlyBundle(out), 'result.json'), 'utf8')));
  t.deepEqual(result.unavailable, []);
  const failures = result.failures.filter(({ code }) => code !== 'NO_SLOPE');
  t.deepEqual(failures, [], JSON.stringify(failures));
  const runner = result.runners.find(({ id }) => id === 'kvm');
  for (const experiment of EXPERIMENTS) {
    const cells = result.cells.filter((cell) => cell.runner === runner?.as && cell.experiment === experiment);
    t.true(
      cells.some(({ median }) => median !== null && median > 0),
      experiment,
    );
  }
  t.is(result.ramps.find((ramp) => ramp.runner === runner?.as)?.steps.at(-1)?.alive, 2);
});

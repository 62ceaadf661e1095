import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { memoryFloor } from '../../bench/experiments/density/rules.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { limitedCgroup } from '../helpers/limited-cgroup.ts';
import type { Journalled } from '../helpers/ramp.ts';

const LIMIT = 3 * 2 ** 30;
const SCRIPT = join(import.meta.dirname, '../helpers/growing-ramp.ts');

test('a ramp whose instances suddenly grow cannot take the host down', async (t) => {
  const stateDir = mkdtempSync(join('/var/lib', 'tare-test-'));
  chmodSync(stateDir, 0o755);
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  const cgroup = limitedCgroup(`tare-test-${randomBytes(3).toString('hex')}`, LIMIT);
  t.teardown(() => cgroup.remove());
  const { stdout } = await exec(cgroup.wrap([process.execPath, SCRIPT, stateDir]), { timeoutMs: 240_000 });
  const journalled = JSON.parse(stdout) as Journalled;

  const last = journalled.steps.at(-1);
  t.is(last?.stop?.rule, 'memory');
  t.regex(last?.stop?.message ?? '', /of memory were available, the floor is 2\.0 GiB/);
  t.true((last?.launched ?? 64) < 64);
  // Every step that counts left the floor free; what came after was stopped well before the kernel had to choose.
  const floor = memoryFloor(LIMIT);
  const passed = journalled.steps.slice(0, -1);
  t.true(passed.length > 0 && passed.every(({ availableBytes }) => availableBytes >= floor));
  t.is(journalled.values['achieved-idle'], passed.at(-1)?.alive);
  t.is(cgroup.oomKills(), 0);
  t.true(cgroup.mostBytes() > LIMIT - floor, 'the instances really grew');
  t.true(cgroup.mostBytes() < LIMIT - floor / 4, `${cgroup.mostBytes()} of ${LIMIT} bytes were used`);
  // Whoever looks after a run ends a moment after it.
  await waitUntil(() => cgroup.pids().length === 0, { timeoutMs: 10_000 });
  t.deepEqual(cgroup.pids(), []);
  t.deepEqual(readdirSync(join(stateDir, 'runs')), []);
});

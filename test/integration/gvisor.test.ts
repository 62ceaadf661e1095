import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { CommandError, StartError } from '../../bench/errors.ts';
import type { Instance } from '../../bench/model/runner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { gvisorRunner } from '../../runners/gvisor/index.ts';
import { cgroupsNamed, pidsIn } from '../../runners/shared/cgroups.ts';
import { signalProcess } from '../../runners/shared/processes.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';
import { STUBBORN, untilStubborn } from '../helpers/stubborn.ts';

const EXEC = { timeoutMs: 20_000 };

/** The host's processes of an instance. */
function processesOf(name: string): readonly number[] {
  return [...new Set(cgroupsNamed(name).flatMap(pidsIn))];
}

async function sleepers(instance: Instance): Promise<string> {
  return (await instance.exec(['/bin/sh', '-c', 'cat /proc/[0-9]*/comm'], EXEC)).stdout;
}

test.serial('an instance answers from a kernel of its own, is limited by its cgroup, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await gvisorRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.deepEqual(
    instance.marks.map(({ name }) => name),
    ['launched', 'api', 'exec', 'ready'],
  );
  const answer = await instance.exec(['/usr/bin/redis-cli', 'PING'], EXEC);
  t.is(answer.stdout, 'PONG\n');
  const limits = await instance.describe();
  const { cpus, memoryBytes, swapBytes, cpuQuota, seccomp, kernel } = limits;
  t.deepEqual(
    { cpus, memoryBytes, swapBytes, cpuQuota },
    { cpus: spec.cpus, memoryBytes: spec.memoryBytes, swapBytes: 0, cpuQuota: null },
  );
  t.is(seccomp, 2);
  t.not(kernel, release());
  t.is(kernel, (await instance.exec(['/bin/uname', '-r'], EXEC)).stdout.trim());
  const inside = await instance.exec(['/bin/grep', 'CapEff', '/proc/self/status'], EXEC);
  t.regex(inside.stdout, /00000000a80425fb/);
  t.true(((await instance.cpuNs()) ?? 0) > 0);

  // What is written inside is on the host's disk, in the instance's own folder, once it was synced.
  await instance.exec(['/bin/sh', '-c', 'echo x > /tare/data/written; sync'], EXEC);
  t.is(readFileSync(join(instance.diskPaths()[0] ?? '', 'upper/tare/data/written'), 'utf8'), 'x\n');

  // What hangs goes with its children at the deadline, and nothing else does.
  const hang = instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 1000 });
  await t.throwsAsync(hang, { instanceOf: CommandError, code: 'COMMAND_TIMEOUT' });
  t.false((await sleepers(instance)).includes('sleep'));
  await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError, code: 'NOT_RUN' });

  // A living one, whose end is asked for: by the rules of all runners it is one that was out of memory before.
  const ending = await instance.end('stop', 20_000);
  t.false(ending.timedOut);
  t.deepEqual(processesOf(instance.ref.id), []);
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(gvisorRunner, true), []);
});

test.serial('what does not stop is killed at the deadline, and that is said', async (t) => {
  const { spec, run } = await realRun(t, { entry: STUBBORN });
  await using prepared = await gvisorRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await untilStubborn(instance);
  const ending = await instance.end('stop', 500);
  t.true(ending.timedOut);
  t.deepEqual(processesOf(instance.ref.id), []);
});

test.serial('a sandbox that is killed without a word is noticed before the deadline', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
  await using prepared = await gvisorRunner.prepare(spec, run);
  const before = await sweep(gvisorRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const pidFile = join(run.runDir, 'gvisor/i0/pid');
  const pid = () => {
    try {
      return Number(readFileSync(pidFile, 'utf8'));
    } catch {
      return 0;
    }
  };
  t.true(await waitUntil(() => pid() > 0, { timeoutMs: 10_000, everyMs: 20 }));
  // Killed while it is still being started it would be the launch command that fails.
  await new Promise((resolve) => setTimeout(resolve, 300));
  signalProcess(pid(), 'SIGKILL');
  const error = await start;
  t.is(error?.code, 'INSTANCE_DIED');
  t.deepEqual(await sweep(gvisorRunner, true), before);
});

test.serial('a bundle that runsc refuses is a failed start that says why, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await gvisorRunner.prepare({ ...spec, cpus: [4095] }, run);
  const before = await sweep(gvisorRunner, true);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'COMMAND_FAILED');
  t.regex(error?.message ?? '', /cpuset/);
  t.deepEqual(await sweep(gvisorRunner, true), before);
});

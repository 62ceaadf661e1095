import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { CommandError, StartError } from '../../bench/errors.ts';
import type { ResourceRef } from '../../bench/model/owner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { nativeRunner } from '../../runners/native/index.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };

test.serial('a native instance answers on its own port, on its CPUs, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await nativeRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.deepEqual(
    instance.marks.map(({ name }) => name),
    ['launched', 'api', 'exec', 'ready'],
  );
  const { port } = instance.placement;
  const answer = await instance.exec(['/usr/bin/redis-cli', '-p', String(port), 'PING'], EXEC);
  t.is(answer.stdout, 'PONG\n');
  const limits = await instance.describe();
  t.deepEqual(limits.cpus, spec.cpus);
  t.is(limits.memoryBytes, null);
  t.is(limits.seccomp, 0);
  t.true(((await instance.cpuNs()) ?? 0) > 0);
  t.true(existsSync(instance.diskPaths()[0] ?? ''));
  await instance[Symbol.asyncDispose]();
  t.false(existsSync(instance.diskPaths()[0] ?? ''));
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(nativeRunner, true), []);
  t.deepEqual(readdirSync(run.runDir), []);
});

test.serial('a program inside runs on the instance’s CPUs and goes with its children at the deadline', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await nativeRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  const cpus = await instance.exec(['/bin/sh', '-c', 'taskset -cp $$'], EXEC);
  t.regex(cpus.stdout, new RegExp(`: ${spec.cpus.join()}\n$`));
  const before = (await sweep(nativeRunner, true)).filter(({ kind }) => kind === 'process').length;
  await t.throwsAsync(instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 300 }), {
    instanceOf: CommandError,
  });
  const after = (await sweep(nativeRunner, true)).filter(({ kind }) => kind === 'process').length;
  t.is(after, before);
  await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError });
});

/** How many of these processes run sleep by now. */
async function sleepers(processes: readonly ResourceRef[]): Promise<number> {
  // The runner's sweep and the host's both find them.
  const pids = [...new Set(processes.map(({ id }) => id))];
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.filter((name) => name === 'sleep\n').length;
}

test.serial('stopping and killing end every process, also one that left the session', async (t) => {
  const { spec, run, sweep } = await realRun(t, {
    entry: entryOf(['/bin/sh', '-c', 'setsid sleep 600 & exec sleep 600'], 'none'),
  });
  await using prepared = await nativeRunner.prepare(spec, run);
  for (const [index, how] of (['stop', 'kill'] as const).entries()) {
    await using instance = await prepared.start(run, index);
    const processes = async () => (await sweep(nativeRunner, true)).filter(({ kind }) => kind === 'process');
    // The entry counts as ready as soon as it is executed; the shell has yet to start its two sleepers.
    t.true(await waitUntil(async () => (await sleepers(await processes())) === 2, { timeoutMs: 10_000 }));
    const ending = await instance.end(how, how === 'stop' ? 500 : 5000);
    // Nobody tells the sleeper in a session of its own to stop: the deadline must.
    t.is(ending.timedOut, how === 'stop');
    t.deepEqual(await processes(), []);
  }
});

test.serial('a redis that is asked to stop is gone in time', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await nativeRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  const ending = await instance.end('stop', 10_000);
  t.false(ending.timedOut);
  t.true(ending.goneNs > ending.startedNs);
  await t.throwsAsync(instance.ping(1000));
});

test.serial('a failed start keeps its marks and output, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  const entry = entryOf(['/bin/sh', '-c', 'echo said; exit 3']);
  await using prepared = await nativeRunner.prepare({ ...spec, entry }, run);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'WORKLOAD_EXITED');
  t.deepEqual(
    error?.marks.map(({ name }) => name),
    ['launched', 'api', 'exec'],
  );
  t.is(error?.logs['output.log'], 'said\n');
  const left = await sweep(nativeRunner, true);
  t.deepEqual(
    left.filter(({ kind }) => kind !== 'folder'),
    [],
  );
});

test.serial('what a crashed run left is swept by its tag', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await nativeRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.true((await sweep(nativeRunner, false)).some(({ kind }) => kind === 'process'));
  t.deepEqual(await sweep(nativeRunner, false), []);
  t.false(existsSync(run.runDir));
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
});

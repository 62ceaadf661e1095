import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { CommandError, StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { runcRunner } from '../../runners/runc/index.ts';
import { processesWith, signalProcess } from '../../runners/shared/processes.ts';
import { requireRoute } from '../../runners/shared/bridge.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';
import { STUBBORN, untilStubborn } from '../helpers/stubborn.ts';

const EXEC = { timeoutMs: 10_000 };

test.serial('a runc instance answers, is confined as Docker confines, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.deepEqual(
    instance.marks.map(({ name }) => name),
    ['launched', 'api', 'exec', 'ready'],
  );
  const answer = await instance.exec(['/usr/bin/redis-cli', 'PING'], EXEC);
  t.is(answer.stdout, 'PONG\n');
  const limits = await instance.describe();
  t.deepEqual(limits.cpus, spec.cpus);
  t.is(limits.memoryBytes, spec.memoryBytes);
  t.is(limits.swapBytes, 0);
  t.is(limits.cpuQuota, null);
  t.is(limits.seccomp, 2);
  t.is(limits.capabilities, '00000000a80425fb');
  t.true(((await instance.cpuNs()) ?? 0) > 0);
  const device = await instance.exec(['/bin/sh', '-c', 'cat /proc/net/route | wc -l; ls /sys/class/net'], EXEC);
  // The heading and the subnet's route: no default one.
  t.deepEqual(device.stdout.split('\n'), ['2', 'eth0', 'lo', '']);
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(runcRunner, true), []);
});

test.serial('the host reaches an instance over the run’s bridge, and only there', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  const address = /address add ([\d.]+)/.exec(instance.logs['inside.ip'] ?? '')?.[1] ?? '';
  await t.notThrowsAsync(requireRoute(address, `tare-${run.owner.tag}`));
  const { exitCode } = await exec(['bash', '-c', `exec 3<>/dev/tcp/${address}/${instance.placement.port}`], {
    accept: 'any',
    timeoutMs: 5000,
  });
  t.is(exitCode, 0);
  const outwards = await instance.exec(['/bin/bash', '-c', 'exec 3<>/dev/tcp/192.0.2.1/53'], EXEC);
  t.regex(outwards.stderr, /unreachable/);
});

test.serial('more memory than the limit is not to be had', async (t) => {
  const { spec, run } = await realRun(t);
  const eaten = async (memoryBytes: number, index: number) => {
    await using prepared = await runcRunner.prepare({ ...spec, memoryBytes }, run);
    await using instance = await prepared.start(run, index);
    const eat = ['/bin/sh', '-c', 'head -c 200000000 /dev/zero | tail -c 150000000 | wc -c'];
    return (await instance.exec(eat, { timeoutMs: 30_000 })).stdout;
  };
  t.is(await eaten(512 * 2 ** 20, 0), '150000000\n');
  t.not(await eaten(64 * 2 ** 20, 1), '150000000\n');
});

test.serial('the tree in the store is never written to', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await instance.exec(['/bin/sh', '-c', 'echo x > /etc/written; rm /etc/hostname /etc/debian_version'], EXEC);
  t.false(existsSync(join(spec.image.tree, 'etc/written')));
  t.true(existsSync(join(spec.image.tree, 'etc/debian_version')));
  t.is(readFileSync(join(instance.diskPaths()[0] ?? '', 'upper/etc/written'), 'utf8'), 'x\n');
});

test.serial('a program inside that hangs goes with its children at the deadline', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await t.throwsAsync(instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 500 }), {
    instanceOf: CommandError,
  });
  const listed = await instance.exec(['/bin/sh', '-c', 'cat /proc/[0-9]*/comm'], EXEC);
  t.false(listed.stdout.includes('sleep'));
  await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError });
});

for (const how of ['stop', 'kill'] as const) {
  test.serial(`after ${how} the last process is gone`, async (t) => {
    const { spec, run } = await realRun(t);
    await using prepared = await runcRunner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    const ending = await instance.end(how, 10_000);
    t.false(ending.timedOut);
    t.true(ending.goneNs > ending.startedNs);
    await t.throwsAsync(instance.exec(['/bin/true'], EXEC));
  });
}

test.serial('what does not stop is killed at the deadline, and that is said', async (t) => {
  const { spec, run } = await realRun(t, { entry: STUBBORN });
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await untilStubborn(instance);
  const ending = await instance.end('stop', 300);
  t.true(ending.timedOut);
});

test.serial('an entry that ends at once fails promptly, with its marks and output', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sh', '-c', 'echo said; exit 3']) });
  await using prepared = await runcRunner.prepare(spec, run);
  const before = await sweep(runcRunner, true);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'WORKLOAD_EXITED');
  t.deepEqual(
    error?.marks.map(({ name }) => name),
    ['launched', 'api', 'exec'],
  );
  t.is(error?.logs['output.log'], 'said\n');
  t.deepEqual(await sweep(runcRunner, true), before);
});

test.serial('an instance that is killed without a word is noticed before the deadline', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
  await using prepared = await runcRunner.prepare(spec, run);
  const before = await sweep(runcRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const name = `tare-${run.owner.tag}-runc-0`;
  const inside = () => processesWith('TARE_INSTANCE', (value) => value === name);
  t.true(await waitUntil(() => inside().length === 2, { timeoutMs: 10_000, everyMs: 20 }));
  for (const { pid } of inside()) signalProcess(pid, 'SIGKILL');
  const error = await start;
  t.is(error?.code, 'INSTANCE_DIED');
  t.deepEqual(await sweep(runcRunner, true), before);
});

test.serial('a bundle that runc refuses is a failed start that says why, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await runcRunner.prepare({ ...spec, cpus: [4095] }, run);
  const before = await sweep(runcRunner, true);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'COMMAND_FAILED');
  t.regex(error?.message ?? '', /cpuset/);
  t.deepEqual(
    error?.marks.map(({ name }) => name),
    ['launched'],
  );
  t.deepEqual(await sweep(runcRunner, true), before);
});

test.serial('what a crashed run left is swept by its tag, also by two sweeps at once', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await runcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await Promise.all([sweep(runcRunner, false), sweep(runcRunner, false)]);
  t.deepEqual(await sweep(runcRunner, false), []);
  t.false(existsSync(run.runDir));
  t.true(existsSync(dirname(run.runDir)));
  await t.throwsAsync(instance.ping(1000));
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
});

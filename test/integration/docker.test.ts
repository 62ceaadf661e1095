import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { CommandError, ResourceError, StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { docker } from '../../runners/docker/cli.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };

test.serial('a docker instance answers, has the limits asked for, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await dockerRunner.prepare(spec, run);
  t.true((await prepared.daemons()).length >= 2);
  t.true((await prepared.imagePaths()).every((path) => existsSync(path)));
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
  t.is(limits.seccomp, 2);
  t.is(limits.capabilities, '00000000a80425fb');
  t.true(((await instance.cpuNs()) ?? 0) > 0);
  t.true(instance.diskPaths().length > 0);
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(dockerRunner, true), []);
});

test.serial('nothing is forwarded from an instance, whatever routes it has', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await dockerRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.is(readFileSync(`/proc/sys/net/ipv4/conf/td${run.owner.tag}/forwarding`, 'utf8').trim(), '0');
  // An address for documentation: nobody is there.
  const outwards = await instance.exec(
    ['/usr/bin/timeout', '1', '/bin/bash', '-c', 'exec 3<>/dev/tcp/198.51.100.1/9'],
    EXEC,
  );
  t.not(outwards.exitCode, 0);
});

test.serial('the data that an instance writes lies below its own paths', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await dockerRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await instance.exec(['/bin/sh', '-c', `echo mine > ${instance.placement.dataDir}/tare-own-file`], EXEC);
  const { stdout } = await exec(['find', ...instance.diskPaths(), '-xdev', '-name', 'tare-own-file']);
  t.is(stdout.trim().split('\n').length, 1);
  t.regex(stdout, /tare-own-file/);
});

test.serial('a program inside that hangs goes with its children at the deadline', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await dockerRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await t.throwsAsync(instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 1500 }), {
    instanceOf: CommandError,
  });
  const listed = await instance.exec(['/bin/sh', '-c', 'cat /proc/[0-9]*/comm'], EXEC);
  t.false(listed.stdout.includes('sleep'));
  await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError });
});

for (const how of ['stop', 'kill'] as const) {
  test.serial(`after ${how} the last process is gone`, async (t) => {
    const { spec, run } = await realRun(t);
    await using prepared = await dockerRunner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    const ending = await instance.end(how, 10_000);
    t.false(ending.timedOut);
    t.true(ending.goneNs > ending.startedNs);
    await t.throwsAsync(instance.ping(1000));
  });
}

test.serial('an entry that ends at once fails promptly, with its marks and output', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sh', '-c', 'echo said; exit 3']) });
  await using prepared = await dockerRunner.prepare(spec, run);
  const before = await sweep(dockerRunner, true);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'WORKLOAD_EXITED');
  t.deepEqual(
    error?.marks.map(({ name }) => name),
    ['launched', 'api', 'exec'],
  );
  t.is(error?.logs['output.log'], 'said\n');
  t.deepEqual(await sweep(dockerRunner, true), before);
});

test.serial('a container that is killed before it is ready is noticed before the deadline', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
  await using prepared = await dockerRunner.prepare(spec, run);
  const before = await sweep(dockerRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const name = `tare-${run.owner.tag}-docker-0`;
  const running = async () => (await docker(['ps', '--quiet', '--filter', `name=${name}`])).stdout !== '';
  t.true(await waitUntil(running, { timeoutMs: 10_000, everyMs: 200 }));
  // The liveness check must have seen it alive once before it can tell that it died.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await docker(['kill', name]);
  const error = await start;
  t.is(error?.code, 'INSTANCE_DIED');
  t.deepEqual(await sweep(dockerRunner, true), before);
});

test.serial('what the engine refuses is a failed start that says why, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await dockerRunner.prepare({ ...spec, cpus: [4095] }, run);
  const before = await sweep(dockerRunner, true);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(error?.code, 'COMMAND_FAILED');
  t.deepEqual(
    error?.marks.map(({ name }) => name),
    ['launched'],
  );
  t.deepEqual(await sweep(dockerRunner, true), before);
});

test.serial('an engine that does not answer is told from one that refuses', async (t) => {
  const gone = { env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } };
  const error = await t.throwsAsync(docker(['ps'], gone), { instanceOf: ResourceError });
  t.is(error?.code, 'SERVICE_DOWN');
  await t.throwsAsync(docker(['inspect', 'tare-no-such-thing']), { instanceOf: CommandError });
});

test.serial('what a crashed run left is swept by its tag, also by two sweeps at once', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await dockerRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await Promise.all([sweep(dockerRunner, false), sweep(dockerRunner, false)]);
  t.deepEqual(await sweep(dockerRunner, false), []);
  t.false(existsSync(run.runDir));
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { nspawnRunner } from '../../runners/nspawn/index.ts';
import { pidsNamed, signalProcess, statOf } from '../../runners/shared/processes.ts';
import { procText } from '../helpers/proc.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };
const PROPAGATE = '/run/systemd/nspawn/propagate';

/** systemd-nspawn's own process of an instance, not what it forks. */
function supervisorOf(name: string): number | undefined {
  const named = pidsNamed('systemd-nspawn').filter((pid) => procText(pid, 'cmdline').includes(`--machine=${name}`));
  return named.find((pid) => !named.includes(statOf(pid)?.ppid ?? 0));
}

test.serial('a container by systemd-nspawn has its limits, writes to its own folder, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  await using prepared = await nspawnRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.like(await instance.describe(), {
    ...{ cpus: spec.cpus, memoryBytes: spec.memoryBytes, swapBytes: 0, cpuQuota: null },
    ...{ seccomp: 2, capabilities: '00000000a80425fb', apparmor: 'unconfined' },
  });
  const inside = async (script: string) => (await instance.exec(['/bin/sh', '-c', script], EXEC)).stdout;
  // The entry point is process 1, and what enters is in its cgroups.
  t.regex(await inside('tr "\\0" " " </proc/1/cmdline'), /^\/tare\/probe /);
  t.is(await inside('cat /proc/self/cgroup'), await inside('cat /proc/1/cgroup'));
  t.is(await inside('cat /proc/net/route | wc -l; ls /sys/class/net'), '2\neth0\nlo\n');
  const { stderr } = await instance.exec(['/bin/sh', '-c', 'mknod /tmp/disk b 254 0 && head -c1 /tmp/disk'], EXEC);
  t.regex(stderr, /not permitted/);
  await inside('echo x > /tmp/written');
  t.is(readFileSync(join(instance.diskPaths()[0] ?? '', 'upper/tmp/written'), 'utf8'), 'x\n');
  t.false(existsSync(join(spec.image.tree, 'tmp/written')));
  t.true(((await instance.cpuNs()) ?? 0) > 0);
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(nspawnRunner, true), []);
});

test.serial('where nspawn itself is killed the start fails at once, and nothing of it stays', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
  await using prepared = await nspawnRunner.prepare(spec, run);
  const before = await sweep(nspawnRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const name = `tare-${run.owner.tag}-nspawn-0`;
  const propagated = join(PROPAGATE, name);
  t.true(await waitUntil(() => existsSync(propagated), { timeoutMs: 10_000, everyMs: 5 }));
  const nspawn = supervisorOf(name);
  t.not(nspawn, undefined);
  signalProcess(nspawn as number, 'SIGKILL');
  t.is((await start)?.code, 'INSTANCE_DIED');
  t.false(existsSync(propagated));
  t.deepEqual(await sweep(nspawnRunner, true), before);
});

test.serial('what nspawn has to say about a start that fails is kept', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sh', '-c', 'echo said; exit 3']) });
  await using prepared = await nspawnRunner.prepare(spec, run);
  const before = await sweep(nspawnRunner, true);
  const ended = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  t.is(ended?.code, 'WORKLOAD_EXITED');
  t.deepEqual(
    ended?.marks.map(({ name }) => name),
    ['launched', 'api', 'exec'],
  );
  t.regex(ended?.logs['output.log'] ?? '', /^said$/m);
  await using late = await nspawnRunner.prepare({ ...spec, cpus: [4095] }, run);
  const refused = await t.throwsAsync(late.start(run, 1), { instanceOf: StartError });
  t.is(refused?.code, 'COMMAND_FAILED');
  t.regex(refused?.message ?? '', /cpuset|AllowedCPUs/);
  t.deepEqual(await sweep(nspawnRunner, true), before);
});

test.serial('killing the container ends nspawn, whose process is not waited for in vain', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await nspawnRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.not(supervisorOf(instance.ref.id), undefined);
  const ending = await instance.end('kill', 10_000);
  t.false(ending.timedOut);
  t.is(supervisorOf(instance.ref.id), undefined);
});

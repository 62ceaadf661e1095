import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { CommandError, StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { namespaceRunner } from '../../runners/namespace/index.ts';
import { processesWith, signalProcess } from '../../runners/shared/processes.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };

test.serial(
  'a container by util-linux’ tools is confined as Docker confines but for system calls, and leaves nothing',
  async (t) => {
    const { spec, run, sweep } = await realRun(t);
    await using prepared = await namespaceRunner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    t.like(await instance.describe(), {
      ...{ cpus: spec.cpus, memoryBytes: spec.memoryBytes, swapBytes: 0, cpuQuota: null },
      ...{ seccomp: 0, capabilities: '00000000a80425fb' },
    });
    const inside = async (script: string) => (await instance.exec(['/bin/sh', '-c', script], EXEC)).stdout;
    // What enters is confined as what was there, and both are in the instance's cgroup.
    t.regex(await inside('cat /proc/self/status'), /^CapBnd:\s+00000000a80425fb$/m);
    const cgroups = (pid: string) => inside(`grep tare- /proc/${pid}/cgroup`);
    t.is(await cgroups('self'), await cgroups('1'));
    // Nothing of the host's is mounted but what was asked for.
    t.is(await inside(`grep -c ' ${run.stateDir}' /proc/mounts`), '0\n');
    t.is(await inside('ls /mnt; cat /proc/keys; cat /proc/sys/kernel/hostname'), `${instance.ref.id}\n`);
    t.is(await inside('cat /proc/net/route | wc -l; ls /sys/class/net'), '2\neth0\nlo\n');
    t.is(
      await inside('cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max'),
      `${spec.memoryBytes}\n`,
    );
    const denied =
      'mknod /tmp/disk b 254 0 && head -c1 /tmp/disk; echo x >/proc/sys/kernel/hostname; chmod 600 /proc/keys';
    const { stderr } = await instance.exec(['/bin/sh', '-c', denied], EXEC);
    t.deepEqual(stderr.match(/not permitted|Read-only/g), ['not permitted', 'Read-only', 'Read-only']);
    t.true(((await instance.cpuNs()) ?? 0) > 0);
    t.regex(instance.launch.at(-1)?.argv.join(' ') ?? '', /unshare --mount .*container\.sh/);
    t.regex(instance.logs['fstab'] ?? '', /^overlay /);
    await inside('echo x > /etc/written; rm /etc/debian_version');
    t.false(existsSync(join(spec.image.tree, 'etc/written')));
    t.true(existsSync(join(spec.image.tree, 'etc/debian_version')));
    t.is(readFileSync(join(instance.diskPaths()[0] ?? '', 'upper/etc/written'), 'utf8'), 'x\n');
    await instance[Symbol.asyncDispose]();
    await prepared[Symbol.asyncDispose]();
    t.deepEqual(await sweep(namespaceRunner, true), []);
  },
);

test.serial(
  'a program inside that hangs goes with its children at the deadline, and one that is missing is named',
  async (t) => {
    const { spec, run } = await realRun(t);
    await using prepared = await namespaceRunner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    await t.throwsAsync(instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 500 }), {
      instanceOf: CommandError,
    });
    t.false((await instance.exec(['/bin/sh', '-c', 'cat /proc/[0-9]*/comm'], EXEC)).stdout.includes('sleep'));
    const missing = await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError });
    t.is(missing?.code, 'NOT_RUN');
    const killed = await instance.exec(['/bin/sh', '-c', 'kill -9 $$'], EXEC);
    t.is(killed.exitCode, 137);
    await instance.end('kill', 10_000);
    await t.throwsAsync(instance.exec(['/bin/true'], EXEC), { instanceOf: CommandError });
  },
);

test.serial('what a program is confined by is not the container’s to replace', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await namespaceRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  const own = '#!/bin/dash\\ntouch /ran-as-root\\n';
  const replace = `cd /usr/bin && rm env prlimit setpriv sh && printf '${own}' | tee env prlimit setpriv sh >dump && chmod 755 env prlimit setpriv sh`;
  t.is((await instance.exec(['/bin/dash', '-c', replace], EXEC)).exitCode, 0);
  const { stdout } = await instance.exec(['/bin/dash', '-c', 'ls /; cat /proc/self/status; ulimit -n'], EXEC);
  t.false(stdout.includes('ran-as-root'));
  t.regex(stdout, /^CapEff:\s+00000000a80425fb$/m);
  // A script of whatever enters would hold the host's file, were it not a copy.
  const script = 'printf "#!/proc/self/exe\\n" >/script && chmod 755 /script';
  t.is((await instance.exec(['/bin/dash', '-c', script], EXEC)).exitCode, 0);
  const { code } = (await t.throwsAsync(instance.exec(['/script'], EXEC), { instanceOf: CommandError })) ?? {};
  t.is(code, 'NOT_RUN');
  t.is((await instance.exec(['/bin/true'], EXEC)).exitCode, 0);
});

test.serial('a start that fails says why, whichever of its commands it is, and leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  const image = { ...spec.image, tree: '/nonexistent/tree' };
  for (const [at, [over, why]] of (
    [
      [{ cpus: [4095] }, /cpuset|AllowedCPUs/],
      [{ image }, /overlay/],
    ] as const
  ).entries()) {
    await using prepared = await namespaceRunner.prepare({ ...spec, ...over }, run);
    const before = await sweep(namespaceRunner, true);
    const error = await t.throwsAsync(prepared.start(run, at), { instanceOf: StartError });
    t.is(error?.code, 'COMMAND_FAILED');
    t.regex(`${error?.message} ${error?.logs['output.log']}`, why);
    t.deepEqual(
      error?.marks.map(({ name }) => name),
      ['launched'],
    );
    t.deepEqual(await sweep(namespaceRunner, true), before);
  }
});

test.serial('an instance that is killed without a word is noticed before the deadline', async (t) => {
  const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
  await using prepared = await namespaceRunner.prepare(spec, run);
  const before = await sweep(namespaceRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const name = `tare-${run.owner.tag}-namespace-0`;
  const inside = () => processesWith('TARE_INSTANCE', (value) => value === name);
  t.true(await waitUntil(() => inside().length === 2, { timeoutMs: 10_000, everyMs: 20 }));
  for (const { pid } of inside()) signalProcess(pid, 'SIGKILL');
  t.is((await start)?.code, 'INSTANCE_DIED');
  t.deepEqual(await sweep(namespaceRunner, true), before);
});

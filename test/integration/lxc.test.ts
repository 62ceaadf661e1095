import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CommandError, StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { lxcRunner } from '../../runners/lxc/index.ts';
import { signalProcess } from '../../runners/shared/processes.ts';
import { procText } from '../helpers/proc.ts';
import { entryOf, type RealRun, realRun } from '../helpers/real-run.ts';
import { STUBBORN, untilStubborn } from '../helpers/stubborn.ts';

const EXEC = { timeoutMs: 10_000 };

/** What of LXC's own is on the host for a run, found by nothing that tare has. */
function locksOf({ run }: RealRun): boolean {
  return existsSync(join('/run/lxc/lock', run.runDir));
}

async function failedStart(t: ExecutionContext, real: RealRun, during = async () => {}): Promise<StartError> {
  const { spec, run, sweep } = real;
  await using prepared = await lxcRunner.prepare(spec, run);
  const before = await sweep(lxcRunner, true);
  const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  await during();
  const error = await start;
  t.deepEqual(await sweep(lxcRunner, true), before);
  return error ?? new StartError('NONE', 'nothing was thrown', { marks: [], logs: {} });
}

test.serial('an application container answers, is confined as Docker confines, and leaves nothing', async (t) => {
  const real = await realRun(t);
  const { spec, run, sweep } = real;
  await using prepared = await lxcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  t.deepEqual(
    instance.marks.map(({ name }) => name),
    ['launched', 'api', 'exec', 'ready'],
  );
  t.is((await instance.exec(['/usr/bin/redis-cli', 'PING'], EXEC)).stdout, 'PONG\n');
  const limits = await instance.describe();
  t.deepEqual([limits.cpus, limits.memoryBytes, limits.swapBytes], [spec.cpus, spec.memoryBytes, 0]);
  t.deepEqual([limits.seccomp, limits.capabilities, limits.cpuQuota], [2, '00000000a80425fb', null]);
  t.true(((await instance.cpuNs()) ?? 0) > 0);

  // What is run inside afterwards is confined in the same way, and belongs to the same cgroups.
  const status = await instance.exec(['/bin/grep', '-E', '^(CapEff|CapBnd|Seccomp):', '/proc/self/status'], EXEC);
  t.deepEqual(status.stdout.match(/\S+$/gm), ['00000000a80425fb', '00000000a80425fb', '2']);
  const vsock = await instance.exec(['/usr/bin/perl', '-e', 'socket(my $s, 40, 1, 0) or print "$!"'], EXEC);
  t.is(vsock.stdout, 'Operation not permitted');
  const writes =
    'for f in /proc/sys/kernel/hostname /proc/irq/default_smp_affinity /sys/kernel/mm/ksm/run; do echo 1 > $f; done';
  t.is((await instance.exec(['/bin/sh', '-c', writes], EXEC)).stderr.match(/Read-only file system/g)?.length, 3);
  // The heading and the subnet's route: no default one.
  const network = await instance.exec(['/bin/sh', '-c', 'cat /proc/net/route | wc -l; ls /sys/class/net'], EXEC);
  t.deepEqual(network.stdout.split('\n'), ['2', 'eth0', 'lo', '']);

  // The tree in the store is never written to.
  await instance.exec(['/bin/sh', '-c', 'echo x > /etc/written; rm /etc/debian_version'], EXEC);
  t.false(existsSync(join(spec.image.tree, 'etc/written')));
  t.true(existsSync(join(spec.image.tree, 'etc/debian_version')));
  t.is(readFileSync(join(instance.diskPaths()[0] ?? '', 'upper/etc/written'), 'utf8'), 'x\n');

  t.true(locksOf(real));
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(lxcRunner, true), []);
  t.false(locksOf(real));
});

test.serial('a program inside that hangs goes with its children at the deadline', async (t) => {
  const { spec, run } = await realRun(t);
  await using prepared = await lxcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await t.throwsAsync(instance.exec(['/bin/sh', '-c', 'setsid sleep 600 & sleep 600'], { timeoutMs: 500 }), {
    instanceOf: CommandError,
  });
  const listed = await instance.exec(['/bin/sh', '-c', 'cat /proc/[0-9]*/comm'], EXEC);
  t.false(listed.stdout.includes('sleep'));
  await t.throwsAsync(instance.exec(['/no/such/program'], EXEC), { instanceOf: CommandError, code: 'NOT_RUN' });
  // An exit code of LXC's is a program's own unless LXC says something.
  t.is((await instance.exec(['/bin/sh', '-c', 'echo said >&2; exit 127'], EXEC)).exitCode, 127);
});

test.serial('what does not stop is killed at the deadline, and that is said', async (t) => {
  const { spec, run } = await realRun(t, { entry: STUBBORN });
  await using prepared = await lxcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await untilStubborn(instance);
  t.true((await instance.end('stop', 300)).timedOut);
  await t.throwsAsync(instance.exec(['/bin/true'], EXEC), { instanceOf: CommandError });
});

test.serial(
  'an entry that ends at once fails promptly, with what it said and what the words of its command were',
  async (t) => {
    const argv = ['/bin/sh', '-c', 'printf "<%s>" "$@"; exit 3', 'name', '', 'a b', '$HOME "q"'];
    const error = await failedStart(t, await realRun(t, { entry: entryOf(argv) }));
    t.is(error.code, 'WORKLOAD_EXITED');
    t.is(error.logs['output.log'], '<><a b><$HOME "q">');
  },
);

test.serial('a configuration that LXC refuses is a failed start that says why, and leaves nothing', async (t) => {
  const error = await failedStart(t, await realRun(t, { cpus: [4095] }));
  t.is(error.code, 'COMMAND_FAILED');
  t.regex(error.message, /lxc-start: .*cpuset/);
  t.deepEqual(
    error.marks.map(({ name }) => name),
    ['launched'],
  );
  t.regex(error.logs['lxc.log'] ?? '', /ERROR/);
});

test.serial(
  'a container whose process of LXC’s is killed dies with it, and that is noticed before the deadline',
  async (t) => {
    const real = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
    const pidFile = join(real.run.runDir, 'lxc', `tare-${real.run.owner.tag}-lxc-0`, 'monitor.pid');
    const error = await failedStart(t, real, async () => {
      const started = () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '';
      t.true(await waitUntil(started, { timeoutMs: 10_000, everyMs: 5 }));
      // Beyond the launch: the workload runs.
      const monitor = Number(readFileSync(pidFile, 'utf8'));
      const sleeps = () => existsSync(`/proc/${monitor}/task/${monitor}/children`) && hasSleep(monitor);
      t.true(await waitUntil(sleeps, { timeoutMs: 10_000, everyMs: 5 }));
      signalProcess(monitor, 'SIGKILL');
    });
    t.is(error.code, 'INSTANCE_DIED');
  },
);

/** Whether the workload below a container's first process has begun. */
function hasSleep(monitor: number): boolean {
  const childrenOf = (pid: number) => procText(pid, `task/${pid}/children`).trim().split(' ');
  const [init = ''] = childrenOf(monitor);
  return init !== '' && childrenOf(Number(init))[0] !== '';
}

test.serial('what a crashed run left is swept by its tag, also by two sweeps at once', async (t) => {
  const real = await realRun(t);
  const { spec, run, sweep } = real;
  await using prepared = await lxcRunner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  await Promise.all([sweep(lxcRunner, false), sweep(lxcRunner, false)]);
  t.deepEqual(await sweep(lxcRunner, false), []);
  t.false(locksOf(real));
  t.false(existsSync(run.runDir));
  await t.throwsAsync(instance.ping(1000));
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
});

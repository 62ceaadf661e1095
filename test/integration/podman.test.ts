import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { StartError } from '../../bench/errors.ts';
import { delay, waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { podmanRunner } from '../../runners/podman/index.ts';
import { podmanBridgeName } from '../../runners/shared/netns.ts';
import { OPTIONS_HERE } from '../helpers/here.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };
const OPTIONS = OPTIONS_HERE['podman'] ?? {};

test.serial(
  'a podman instance is confined as Docker’s are, keeps its data to itself, and leaves nothing',
  async (t) => {
    const { spec, run, sweep } = await realRun(t);
    await using prepared = await podmanRunner.prepare(spec, { ...run, options: OPTIONS });
    t.deepEqual(await prepared.daemons(), []);
    t.true((await prepared.imagePaths()).every((path) => existsSync(path)));
    await using instance = await prepared.start(run, 0);
    t.is((await instance.exec(['/usr/bin/redis-cli', 'PING'], EXEC)).stdout, 'PONG\n');
    const limits = await instance.describe();
    t.deepEqual([limits.cpus, limits.memoryBytes, limits.swapBytes], [spec.cpus, spec.memoryBytes, 0]);
    t.deepEqual([limits.seccomp, limits.capabilities], [2, '00000000a80425fb']);
    t.true(((await instance.cpuNs()) ?? 0) > 0);

    await instance.exec(['/bin/sh', '-c', `echo mine > ${instance.placement.dataDir}/tare-own-file`], EXEC);
    const { stdout } = await exec(['find', ...instance.diskPaths(), '-xdev', '-name', 'tare-own-file']);
    t.is(stdout.trim().split('\n').length, 1);
    t.regex(stdout, /tare-own-file/);

    const pids = await instance.exec(
      ['/bin/sh', '-c', 'cat /sys/fs/cgroup/pids.max || cat /sys/fs/cgroup/pids/pids.max'],
      EXEC,
    );
    t.is(pids.stdout.trim(), 'max', 'processes are not counted, as Docker does not');
    const much = ['/bin/dd', 'if=/dev/zero', 'of=/dev/null', `bs=${spec.memoryBytes * 1.25}`, 'count=1'];
    t.not((await instance.exec(much, EXEC)).exitCode, 0);
    t.false(existsSync('oom'), 'what conmon leaves where it was started is not in our working directory');

    const bridge = `/proc/sys/net/ipv4/conf/${podmanBridgeName(run.owner.tag)}`;
    t.is(readFileSync(`${bridge}/forwarding`, 'utf8').trim(), '0', 'nothing is forwarded from the bridge');
    t.is((await instance.client(['/bin/true'], EXEC)).exitCode, 0);
    await instance[Symbol.asyncDispose]();
    t.true(existsSync(bridge), 'the bridge stands while no container runs');
    await prepared[Symbol.asyncDispose]();
    t.false(existsSync(bridge));
    t.notRegex((await exec(['iptables-save'])).stdout, new RegExp(run.owner.tag));
    t.deepEqual(await sweep(podmanRunner, true), []);
  },
);

test.serial('a container that is killed behind our back is a failed start that leaves nothing', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  const entry = entryOf(['/bin/sleep', '600']);
  await using prepared = await podmanRunner.prepare({ ...spec, entry }, { ...run, options: OPTIONS });
  const name = `tare-${run.owner.tag}-podman-0`;
  const started = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  const isRunning = async () => {
    const { stdout } = await exec(['podman', 'ps', '--format', '{{.Names}} {{.Status}}'], { accept: 'any' });
    return stdout.includes(`${name} Up`);
  };
  t.true(await waitUntil(isRunning, { timeoutMs: 20_000, everyMs: 200 }));
  // Once its launch has returned, it is looked at.
  await delay(1000);
  await exec(['podman', 'kill', name]);
  const error = await started;
  t.true(['INSTANCE_DIED', 'WORKLOAD_EXITED'].includes(error?.code ?? ''), String(error));
  t.true(error?.marks.some((mark) => (mark as { readonly name: string }).name === 'launched'));
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(podmanRunner, true), []);
});

import test from 'ava';
import { StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { CONTRACT } from '../../runners/contract.ts';
import { crunRunner } from '../../runners/crun/index.ts';
import { processesWith, signalProcess } from '../../runners/shared/processes.ts';
import { testsApart } from '../helpers/mixed-cgroups.ts';
import { probeHere } from '../helpers/probe-here.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 10_000 };

const support = await probeHere(crunRunner);

if (!support.ok && support.code === 'MIXED_CGROUPS') {
  test.serial(
    'where crun refuses, it runs and holds to every rule once cgroups of version 2 are out of its sight',
    async (t) => {
      t.timeout(400_000);
      const files = ['test/integration/crun.test.ts', 'test/integration/conformance.test.ts'];
      const { exitCode, passed, failed, skipped } = await testsApart(files, 'crun: *', (line) => t.log(line));
      t.deepEqual({ exitCode, failed, skipped }, { exitCode: 0, failed: 0, skipped: 0 });
      t.true(passed >= CONTRACT.length + 3);
    },
  );
} else {
  test.serial('crun: an instance answers, is confined as Docker confines, and leaves nothing', async (t) => {
    const { spec, run, sweep } = await realRun(t);
    await using prepared = await crunRunner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    const answer = await instance.exec(['/usr/bin/redis-cli', 'PING'], EXEC);
    t.is(answer.stdout, 'PONG\n');
    const { cpus, memoryBytes, swapBytes, cpuQuota, seccomp, capabilities } = await instance.describe();
    t.deepEqual(cpus, spec.cpus);
    t.deepEqual({ memoryBytes, swapBytes, cpuQuota }, { memoryBytes: spec.memoryBytes, swapBytes: 0, cpuQuota: null });
    t.deepEqual({ seccomp, capabilities }, { seccomp: 2, capabilities: '00000000a80425fb' });
    t.true(((await instance.cpuNs()) ?? 0) > 0);
    const { stdout } = await instance.exec(['/usr/bin/env'], EXEC);
    t.regex(stdout, /^PATH=.*^TARE_INSTANCE=tare-/ms);
    await instance[Symbol.asyncDispose]();
    await prepared[Symbol.asyncDispose]();
    t.deepEqual(await sweep(crunRunner, true), []);
  });

  test.serial('crun: a bundle that it refuses is a failed start that says why, and leaves nothing', async (t) => {
    const { spec, run, sweep } = await realRun(t);
    await using prepared = await crunRunner.prepare({ ...spec, cpus: [4095] }, run);
    const before = await sweep(crunRunner, true);
    const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
    t.is(error?.code, 'COMMAND_FAILED');
    t.regex(error?.message ?? '', /cpuset|cpus/);
    t.deepEqual(await sweep(crunRunner, true), before);
  });

  test.serial('crun: an instance that is killed without a word is noticed before the deadline', async (t) => {
    const { spec, run, sweep } = await realRun(t, { entry: entryOf(['/bin/sleep', '600']) });
    await using prepared = await crunRunner.prepare(spec, run);
    const before = await sweep(crunRunner, true);
    const start = t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
    const name = `tare-${run.owner.tag}-crun-0`;
    const inside = () => processesWith('TARE_INSTANCE', (value) => value === name);
    t.true(await waitUntil(() => inside().length === 2, { timeoutMs: 10_000, everyMs: 20 }));
    for (const { pid } of inside()) signalProcess(pid, 'SIGKILL');
    const error = await start;
    t.is(error?.code, 'INSTANCE_DIED');
    t.deepEqual(await sweep(crunRunner, true), before);
  });
}

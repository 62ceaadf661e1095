import { existsSync } from 'node:fs';
import type { TestFn } from 'ava';
import { codeOf, CommandError, StartError } from '../../bench/errors.ts';
import type { Runner } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { entryOf, realRun } from './real-run.ts';

const EXEC = { timeoutMs: 60_000 };
const START = { startTimeoutMs: 240_000, options: { instances: 2 } };

/** The image that Docker has is made once, which takes minutes where the guest is emulated. */
const RULE_TIMEOUT_MS = 50 * 60_000;

/** Everything of one engine is tried in one guest, whose boot takes half a minute where it is emulated. */
export function boxesInOneGuest(test: TestFn, runner: Runner): void {
  test.serial(`${runner.id}: containers in one guest answer, are limited and apart, and end with it`, async (t) => {
    t.timeout(RULE_TIMEOUT_MS);
    const { spec, run: bare, sweep } = await realRun(t);
    const run = { ...bare, ...START };
    await using prepared = await runner.prepare(spec, run);
    t.true((await prepared.imagePaths()).every((path) => existsSync(path)));
    const [first, second] = await Promise.all([prepared.start(run, 0, { reach: true }), prepared.start(run, 1)]);
    t.deepEqual(
      first.marks.map(({ name }) => name),
      ['launched', 'api', 'exec', 'ready', 'reachable'],
    );
    t.is((await first.exec(['/usr/bin/redis-cli', 'PING'], EXEC)).stdout, 'PONG\n');
    const limits = await first.describe();
    t.deepEqual([limits.memoryBytes, limits.swapBytes, limits.seccomp], [spec.memoryBytes, 0, 2]);
    t.deepEqual([limits.capabilities, limits.cpus, limits.vcpus], ['00000000a80425fb', spec.cpus, 1]);
    const much = ['/bin/dd', 'if=/dev/zero', 'of=/dev/null', `bs=${spec.memoryBytes * 1.25}`, 'count=1', 'status=none'];
    t.not((await first.exec(much, EXEC)).exitCode, 0, 'the limit binds');
    t.is(codeOf(await t.throwsAsync(first.exec(['/no/such/program'], EXEC), { instanceOf: CommandError })), 'NOT_RUN');
    const before = await first.diskBytes?.();
    const written = `dd if=/dev/urandom of=${first.placement.dataDir}/written bs=1M count=3 status=none && sync`;
    t.is((await first.exec(['/bin/sh', '-c', written], EXEC)).exitCode, 0);
    // A file in many pieces has a block that lists them.
    const added = ((await first.diskBytes?.()) ?? 0) - (before ?? 0);
    t.true(added >= 3 * 2 ** 20 && added <= 3 * 2 ** 20 + 65_536, String(added));
    t.deepEqual(first.diskPaths(), []);
    const ask = ['/usr/bin/redis-cli', '-h', second.address ?? '', 'PING'];
    t.is((await first.client(ask, EXEC)).stdout, 'PONG\n');

    const full = await t.throwsAsync(prepared.start(run, 2), { instanceOf: StartError });
    t.is(full?.code, 'NO_ROOM');
    t.false((await first.end('stop', 30_000)).timedOut);
    await first[Symbol.asyncDispose]();
    // The port and the memory of the first are the next one's.
    await using broken = await runner.prepare({ ...spec, entry: entryOf(['/bin/false']) }, run);
    t.is((await t.throwsAsync(broken.start(run, 3), { instanceOf: StartError }))?.code, 'WORKLOAD_EXITED');
    await using third = await prepared.start(run, 4);
    t.true((await third.ping(30_000)) > 0);

    const { stdout } = await exec(['virsh', '-c', 'qemu:///system', 'list', '--name']);
    const [domain = ''] = stdout.split('\n').filter((name) => name.startsWith(`tare-${run.owner.tag}-`));
    await exec(['virsh', '-c', 'qemu:///system', 'destroy', domain]);
    await t.throwsAsync(second.exec(['/bin/true'], EXEC));
    for (const one of [third, second, broken, prepared]) await one[Symbol.asyncDispose]();
    t.deepEqual(await sweep(runner, true), []);
  });
}

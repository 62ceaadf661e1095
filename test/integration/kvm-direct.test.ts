import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { onlyRun } from '../../bench/proc/owner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { allocatedBytes } from '../../bench/image/usage.ts';
import { kvmDirect } from '../../runners/kvm-direct/index.ts';
import { makeFifos } from '../../runners/shared/mark-channel.ts';
import { GuestOutput } from '../../vms/console.ts';
import { EXEC, failureOf, type Guests, namesOf, STATE, withGuests } from '../helpers/direct-guests.ts';
import { entryOf } from '../helpers/real-run.ts';
import { STUBBORN, untilStubborn } from '../helpers/stubborn.ts';

const failedStart = (t: ExecutionContext, guests: Guests) => failureOf(t, guests, kvmDirect, 'vm');

test.serial('a guest becomes ready through every phase, runs programs, and got what was asked for', async (t) => {
  await withGuests(t, {}, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    await using guest = await prepared.start(run, 0);
    t.deepEqual(namesOf(guest.marks), ['launched', 'api', 'kernel', 'init', 'exec', 'ready']);
    t.deepEqual(
      guest.launch.map(({ argv }) => argv[0]),
      ['qemu-img', 'virsh'],
    );
    const answer = await guest.exec(['/usr/bin/redis-cli', 'PING'], EXEC);
    t.deepEqual(answer, { exitCode: 0, stdout: 'PONG\n', stderr: '' });
    const input = await guest.exec(['/bin/cat'], { ...EXEC, input: 'through stdin\n' });
    t.is(input.stdout, 'through stdin\n');
    await t.throwsAsync(guest.exec(['/no/such/program'], EXEC), { code: 'TOOL_MISSING' });

    const limits = await guest.describe();
    t.deepEqual(
      [limits.cpus, limits.emulatorCpus, limits.vcpus, limits.memoryBytes, limits.diskCache],
      [[1], [1], 1, spec.memoryBytes, 'none'],
    );
    const support = await kvmDirect.probe(run);
    t.true(support.ok && support.capabilities.accelerator === limits.accelerator);
    t.true(support.ok && support.as === `${limits.accelerator}-direct`);
    t.regex(limits.kernel ?? '', /cloud-amd64$/);
    t.true(((await guest.cpuNs()) ?? 0) > 0);
    t.regex(guest.logs['output.log'] ?? '', /Ready to accept connections/);
  });
});

test.serial('the guest is reached over the run’s bridge, and has no way to anywhere else', async (t) => {
  await withGuests(t, {}, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    await using guest = await prepared.start(run, 0);
    const [, address = ''] = /tare\.ip=([\d.]+)\//.exec(guest.logs['domain.xml'] ?? '') ?? [];
    const host = address.replace(/\d+$/, '1');
    const pong = await exec(['timeout', '20', `${spec.image.tree}/usr/bin/redis-cli`, '-h', address, 'PING'], {
      env: { LD_LIBRARY_PATH: `${spec.image.tree}/usr/lib/x86_64-linux-gnu` },
      accept: 'any',
    });
    t.is(pong.stdout, 'PONG\n');
    const routes = (await guest.exec(['/bin/cat', '/proc/net/route'], EXEC)).stdout.trim().split('\n').slice(1);
    t.is(routes.length, 1, `only the bridge's own network, on which ${host} is the host`);
  });
});

test.serial('the writable layer holds what the guest wrote, and the base stays as it was', async (t) => {
  await withGuests(t, { diskCache: 'writeback' }, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    const [base = ''] = await prepared.imagePaths();
    const before = await allocatedBytes([base]);
    await using guest = await prepared.start(run, 0);
    t.is((await guest.describe()).diskCache, 'writeback');
    const small = await allocatedBytes(guest.diskPaths());
    await guest.exec(['/bin/sh', '-c', 'head -c 20000000 /dev/urandom > /tare/data/file; sync'], EXEC);
    await exec(['sync', '--file-system', guest.diskPaths()[0] ?? '']);
    t.true((await allocatedBytes(guest.diskPaths())) - small >= 20_000_000);
    t.is(await allocatedBytes([base]), before);
  });
});

test.serial('stop is the power button and kill the plug; both leave nothing', async (t) => {
  await withGuests(t, {}, async ({ spec, run, left }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    for (const [index, how] of (['stop', 'kill'] as const).entries()) {
      await using guest = await prepared.start(run, index);
      const ending = await guest.end(how, 60_000);
      t.false(ending.timedOut);
      t.false((await left()).includes(guest.ref.id));
      await t.throwsAsync(guest.ping(500));
      t.is(await guest.cpuNs(), null);
    }
  });
});

test.serial('a guest that ignores the power button is killed at the deadline', async (t) => {
  await withGuests(t, { entry: STUBBORN }, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    await using guest = await prepared.start(run, 0);
    await untilStubborn(guest);
    t.true((await guest.end('stop', 2000)).timedOut);
  });
});

test.serial('a guest that never gets ready fails at the deadline with the marks that it reached', async (t) => {
  await withGuests(t, { entry: entryOf(['/bin/sleep', '600']), startTimeoutMs: 30_000 }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'MARK_TIMEOUT');
    t.deepEqual(namesOf(error.marks), ['launched', 'api', 'kernel', 'init', 'exec']);
  });
});

test.serial('a workload that fails is reported with what it wrote', async (t) => {
  const entry = entryOf(['/usr/bin/redis-server', '--no-such-option', 'yes']);
  await withGuests(t, { entry }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'WORKLOAD_EXITED');
    t.regex(error.logs['output.log'] ?? '', /no-such-option/);
  });
});

test.serial('a panic is noticed when it happens, with the kernel’s own words', async (t) => {
  const entry = entryOf(['/bin/sh', '-c', 'echo c > /proc/sysrq-trigger; sleep 600']);
  await withGuests(t, { entry }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'DOMAIN_GONE');
    t.regex(error.message, /Kernel panic/);
    t.regex(error.logs['console.log'] ?? '', /sysrq triggered crash/);
  });
});

test.serial('a domain destroyed behind our back fails the start at once', async (t) => {
  await withGuests(t, { entry: entryOf(['/bin/sleep', '600']) }, async (guests) => {
    const { owner } = guests.run;
    const behind = (async () => {
      const name = `tare-${owner.tag}-vm0`;
      const there = () => existsSync(`/run/libvirt/qemu/${name}.pid`);
      t.true(await waitUntil(there, { timeoutMs: 60_000 }));
      await exec(['virsh', '-c', 'qemu:///system', 'destroy', name], { accept: 'any' });
    })();
    const error = await failedStart(t, guests);
    await behind;
    t.true(['DOMAIN_GONE', 'COMMAND_FAILED'].includes(error.code), error.code);
  });
});

test.serial('a guest that floods its console and its output is kept within bounds', async (t) => {
  const flood = 'yes floooood & yes floooood > /dev/console & exec sleep 600';
  await withGuests(t, { entry: entryOf(['/bin/sh', '-c', flood], 'none') }, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    await using guest = await prepared.start(run, 0);
    t.is((await guest.exec(['/bin/echo', 'alive'], EXEC)).stdout, 'alive\n');
    t.true((await guest.ping(30_000)) > 0);
    t.false((await guest.end('kill', 60_000)).timedOut);
  });
});

test.serial('of a guest’s output the end is kept, and its first byte and its init’s line are stamped', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'console-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'out');
  await makeFifos(path);
  using output = new GuestOutput(path);
  t.is(output.kernelNs, undefined);
  for (const part of ['noise\r\ntare: in', 'it\r\n', 'x\n'.repeat(500_000)]) await appendFile(path, part);
  t.true(await waitUntil(() => output.raw.length === 65_536, { timeoutMs: 10_000 }));
  t.true((output.initNs ?? 0n) >= (output.kernelNs ?? 1n));
});

test.serial('a sweep finds a living guest by its tag, and only then', async (t) => {
  await withGuests(t, {}, async ({ spec, run }) => {
    await using prepared = await kvmDirect.prepare(spec, run);
    await using guest = await prepared.start(run, 0);
    const context = { stateDir: STATE, signal: run.signal, dryRun: true };
    t.deepEqual(await kvmDirect.sweep({ matches: (tag) => tag === 'ffffff' }, context), []);
    t.deepEqual(await kvmDirect.sweep(onlyRun(run.owner.tag), context), [guest.ref]);
    t.deepEqual(await kvmDirect.sweep(onlyRun(run.owner.tag), { ...context, dryRun: false }), [guest.ref]);
    t.deepEqual(await kvmDirect.sweep(onlyRun(run.owner.tag), context), []);
  });
});

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { onlyRun } from '../../bench/proc/owner.ts';
import type { Instance, OptionValues, Runner } from '../../bench/model/runner.ts';
import { kvmDirect } from '../../runners/kvm-direct/index.ts';
import { qemuRunner } from '../../runners/qemu/index.ts';
import { EXEC, failureOf, type Guests, namesOf, STATE, withGuests } from '../helpers/direct-guests.ts';
import { entryOf } from '../helpers/real-run.ts';

const failedStart = (t: ExecutionContext, guests: Guests) => failureOf(t, guests, qemuRunner, 'qemu');

const OTHERWISE: OptionValues = { machine: 'pc', cpuModel: 'qemu64', iothreads: 1, nic: 'e1000e' };

/** What a guest sees of the choices above. */
async function seen(guest: Instance): Promise<readonly string[]> {
  const ask = async (...argv: readonly string[]) => (await guest.exec(argv, EXEC)).stdout.trim();
  return [
    await ask('/bin/cat', '/sys/class/dmi/id/product_name'),
    await ask('/bin/sed', '-n', 's/^model name.*: //p', '/proc/cpuinfo'),
    (await ask('/bin/readlink', '/sys/class/net/eth0/device/driver')).replace(/.*\//, ''),
  ];
}

async function tryOtherwise(t: ExecutionContext, runner: Runner): Promise<void> {
  await withGuests(t, { options: OTHERWISE }, async ({ spec, run }) => {
    const plain = await runner.prepare(spec, { ...run, options: {} });
    await plain[Symbol.asyncDispose]();
    await using prepared = await runner.prepare(spec, run);
    t.not(prepared.digest, plain.digest);
    await using guest = await prepared.start(run, 0, { reach: true });
    t.true(namesOf(guest.marks).includes('reachable'));
    t.deepEqual(await seen(guest), ['Standard PC (i440FX + PIIX, 1996)', 'QEMU Virtual CPU version 2.5+', 'e1000e']);
    const { cpus, emulatorCpus } = await guest.describe();
    t.deepEqual([cpus, emulatorCpus], [[1], [1]]);
    // What QEMU really runs with, as the kernel has it.
    t.regex(guest.logs['qemu.args'] ?? '', /virtio-blk-pci.*iothread.{1,3}iothread1/);
    t.false((await guest.end('stop', 60_000)).timedOut);
  });
}

test.serial(
  'a guest without libvirt has the machine, CPU, disk thread and network card that were chosen',
  async (t) => {
    await tryOtherwise(t, qemuRunner);
  },
);

test.serial('and so has a libvirt domain', async (t) => {
  await tryOtherwise(t, kvmDirect);
});

test.serial(
  'a guest without libvirt is confined, its virtual CPUs have one CPU each, and a sweep finds it',
  async (t) => {
    await withGuests(t, { cpus: [0, 1] }, async ({ spec, run }) => {
      await using prepared = await qemuRunner.prepare(spec, run);
      await using guest = await prepared.start(run, 0);
      t.deepEqual(
        guest.launch.map(({ argv }) => argv[0]),
        ['qemu-img', 'ip', 'taskset'],
      );
      const status = (await exec(['cat', `/proc/${guest.ref.id}/status`])).stdout;
      t.regex(status, /^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
      t.regex(status, /^CapPrm:\t0{16}$/m);
      t.regex(status, /^NoNewPrivs:\t1$/m);
      t.regex(status, /^Seccomp:\t2$/m);
      const pinned = await exec([
        'grep',
        '--no-filename',
        '-r',
        'Cpus_allowed_list',
        `/proc/${guest.ref.id}/task`,
        '--include=status',
      ]);
      const sets = pinned.stdout.split('\n').map((line) => line.split('\t')[1] ?? '');
      t.deepEqual([sets.filter((set) => set === '0').length, sets.filter((set) => set === '1').length], [1, 1]);

      const context = { stateDir: STATE, signal: run.signal, dryRun: true };
      t.deepEqual(await qemuRunner.sweep({ matches: (tag) => tag === 'ffffff' }, context), []);
      t.deepEqual(await qemuRunner.sweep(onlyRun(run.owner.tag), context), [guest.ref]);
      // Its firmware has a button, its kernel an ear for it.
      t.false((await guest.end('stop', 60_000)).timedOut);
      await t.throwsAsync(guest.ping(500));
    });
  },
);

test.serial('an emulator that is killed behind our back fails the start at once', async (t) => {
  await withGuests(t, { entry: entryOf(['/bin/sleep', '600']) }, async (guests) => {
    const pidFile = join(guests.run.runDir, 'qemu0', 'qemu.pid');
    const behind = (async () => {
      t.true(await waitUntil(() => existsSync(pidFile), { timeoutMs: 60_000 }));
      await exec(['pkill', '--signal', 'KILL', '--pidfile', pidFile], { accept: 'any' });
    })();
    const error = await failedStart(t, guests);
    await behind;
    t.true(['DOMAIN_GONE', 'COMMAND_FAILED'].includes(error.code), error.code);
  });
});

test.serial('what QEMU refuses is said in its own words, and leaves no tap', async (t) => {
  await withGuests(t, {}, async ({ spec, run, left }) => {
    await using prepared = await qemuRunner.prepare(spec, run);
    const [folder = ''] = readdirSync(run.runDir).filter((name) => name.startsWith('qemu-'));
    rmSync(join(run.runDir, folder, 'initrd'));
    const before = await left();
    const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError, code: 'COMMAND_FAILED' });
    t.regex(error?.message ?? '', /QEMU did not run tare-\S+: .*initrd/);
    t.regex(error?.logs['qemu.args'] ?? '', /^-initrd$/m);
    t.deepEqual(await left(), before);
  });
});

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { StartError } from '../../bench/errors.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { onlyRun } from '../../bench/proc/owner.ts';
import type { Instance, OptionValues, Runner, RunContext } from '../../bench/model/runner.ts';
import { kvmDirect } from '../../runners/kvm-direct/index.ts';
import { qemuRunner } from '../../runners/qemu/index.ts';
import { EXEC, failureOf, type Guests, namesOf, STATE, withGuests } from '../helpers/direct-guests.ts';
import { entryOf } from '../helpers/real-run.ts';

const failedStart = (t: ExecutionContext, guests: Guests) => failureOf(t, guests, qemuRunner, 'qemu');

/** The CPUs that each thread of a process may run on. */
function threadSets(pid: string): readonly string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((thread) => {
    const status = readFileSync(join(folder, thread, 'status'), 'utf8');
    return /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? '';
  });
}

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

/** Starts one guest of other hardware, and hands it on while it lives. */
async function withOther(
  t: ExecutionContext,
  runner: Runner,
  cpus: readonly number[],
  look: (guest: Instance, run: RunContext) => Promise<void>,
): Promise<void> {
  await withGuests(t, { cpus, options: OTHERWISE }, async ({ spec, run }) => {
    const plain = await runner.prepare(spec, { ...run, options: {} });
    await plain[Symbol.asyncDispose]();
    await using prepared = await runner.prepare(spec, run);
    t.not(prepared.digest, plain.digest);
    await using guest = await prepared.start(run, 0, { reach: true });
    t.true(namesOf(guest.marks).includes('reachable'));
    const [machine, cpu, driver] = await seen(guest);
    t.is(machine, 'Standard PC (i440FX + PIIX, 1996)');
    t.regex(cpu ?? '', /^QEMU Virtual CPU version/);
    t.is(driver, 'e1000e');
    const limits = await guest.describe();
    t.deepEqual([limits.cpus, limits.emulatorCpus, limits.vcpus], [cpus, cpus, cpus.length]);
    // What QEMU really runs with, as the kernel has it.
    t.regex(guest.logs['qemu.args'] ?? '', /virtio-blk-pci.*iothread.{1,3}iothread1/);
    await look(guest, run);
    // Its firmware has a button, its kernel an ear for it.
    t.false((await guest.end('stop', 60_000)).timedOut);
    await t.throwsAsync(guest.ping(500));
  });
}

test.serial(
  'a guest without libvirt has the hardware that was chosen, is confined, and is found by a sweep',
  async (t) => {
    await withOther(t, qemuRunner, [0, 1], async (guest, run) => {
      t.deepEqual(
        guest.launch.map(({ argv }) => argv[0]),
        ['qemu-img', 'ip', 'taskset'],
      );
      const status = readFileSync(`/proc/${guest.ref.id}/status`, 'utf8');
      t.regex(status, /^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
      t.regex(status, /^CapPrm:\t0{16}$/m);
      t.regex(status, /^NoNewPrivs:\t1$/m);
      t.regex(status, /^Seccomp:\t2$/m);
      const sets = threadSets(guest.ref.id);
      t.deepEqual([sets.filter((set) => set === '0').length, sets.filter((set) => set === '1').length], [1, 1]);

      const context = { stateDir: STATE, signal: run.signal, dryRun: true };
      t.deepEqual(await qemuRunner.sweep({ matches: (tag) => tag === 'ffffff' }, context), []);
      t.deepEqual(await qemuRunner.sweep(onlyRun(run.owner.tag), context), [guest.ref]);
    });
  },
);

test.serial('a libvirt domain has the hardware that was chosen', async (t) => {
  await withOther(t, kvmDirect, [1], async (guest) => {
    t.regex(guest.logs['domain.xml'] ?? '', /<model type="e1000e"\/>/);
  });
});

test.serial('what emulation cannot have is refused before anything is made', async (t) => {
  await withGuests(t, {}, async ({ spec, run }) => {
    const emulated = { ...run, accel: 'tcg', options: { machine: 'microvm' } } as const;
    t.like(await qemuRunner.probe(emulated), { ok: false, code: 'OPTION_CONFLICT' });
    await t.throwsAsync(qemuRunner.prepare(spec, emulated), { code: 'OPTION_CONFLICT' });
    t.like(await qemuRunner.probe({ ...run, accel: 'tcg' }), { ok: true, as: 'tcg-qemu' });
    const far = join(STATE, 'x'.repeat(80));
    t.like(await qemuRunner.probe({ ...run, stateDir: far }), { ok: false, code: 'STATE_UNREACHABLE' });
  });
});

test.serial('an emulator that is killed behind our back fails the start at once', async (t) => {
  await withGuests(t, { entry: entryOf(['/bin/sleep', '600']) }, async (guests) => {
    const pidFile = join(guests.run.runDir, 'qemu0', 'qemu.pid');
    const behind = (async () => {
      const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
      t.true(await waitUntil(() => pid() > 0, { timeoutMs: 60_000 }));
      process.kill(pid(), 'SIGKILL');
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

import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { MACHINE_ID_FILE } from '../../bench/image/system/layer.ts';
import { allocatedBytes, syncFileSystem } from '../../bench/image/usage.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { OVMF } from '../../vms/firmware.ts';
import { entryOf } from '../helpers/real-run.ts';
import { EXEC, failedStart, namesOf, phases, STATE, withGuests } from '../helpers/full-system.ts';

test.serial('a full system starts through every phase, is what it says, and powers off in order', async (t) => {
  await withGuests(t, {}, async ({ spec, run, prepared, left }) => {
    t.is(prepared.provenance, 'our minimal build');
    const [disk = ''] = await prepared.imagePaths();
    const before = [await allocatedBytes([disk]), (await exec(['stat', '--format=%Y %Z', disk])).stdout];
    // Placed elsewhere than the spec says.
    await using guest = await prepared.start(run, 0, { cpus: [0] });
    phases(t, guest);
    t.deepEqual(
      guest.launch.map(({ argv }) => argv[0]),
      ['qemu-img', 'virsh'],
    );
    await exec(['sync', '--file-system', disk]);
    await guest.exec(['/bin/sync'], EXEC);
    await syncFileSystem(guest.diskPaths()[0] ?? '');
    const marginal = await allocatedBytes(guest.diskPaths());
    t.log(`${marginal} bytes of its own`);
    t.true(marginal < 8 * 2 ** 20, `${marginal} bytes of its own before it was given any work`);

    t.deepEqual(await guest.exec(['/usr/bin/redis-cli', 'PING'], EXEC), { exitCode: 0, stdout: 'PONG\n', stderr: '' });
    const init = await guest.exec(['/bin/readlink', '/proc/1/exe'], EXEC);
    t.regex(init.stdout.trim(), /systemd$/);
    t.is((await guest.exec(['/bin/test', '-e', '/sys/firmware/efi'], EXEC)).exitCode, 1, 'booted by a BIOS');
    const id = ['/usr/bin/cmp', '/etc/machine-id', MACHINE_ID_FILE];
    t.like(await guest.exec(id, EXEC), { exitCode: 0, stdout: '' }, 'the machine id is the one of the disk');
    const failed = await guest.exec(['/bin/systemctl', 'list-units', '--failed', '--plain', '--no-legend'], EXEC);
    t.is(failed.stdout, '');
    const timed = await guest.timed(['/bin/sleep', '0.2'], EXEC);
    t.true(timed.insideNs >= 200_000_000);
    const own = await guest.exec(['/bin/cat', '/proc/net/fib_trie'], EXEC);
    t.true(own.stdout.includes(guest.address ?? 'no address'));

    const limits = await guest.describe();
    t.deepEqual(
      [limits.cpus, limits.emulatorCpus, limits.vcpus, limits.memoryBytes, limits.diskCache],
      [[0], [0], 1, spec.memoryBytes, 'writeback'],
    );
    t.deepEqual([limits.seccomp, limits.swapBytes], [0, 0]);
    const support = await kvmRunner.probe(run);
    t.true(support.ok && support.capabilities.accelerator === limits.accelerator);
    t.true(support.ok && support.as === (limits.accelerator === 'kvm' ? 'kvm' : 'tcg-system'));
    t.regex(limits.kernel ?? '', /cloud-amd64$/);

    const ending = await guest.end('stop', 120_000);
    t.log(`stop ${(Number(ending.goneNs - ending.startedNs) / 1e9).toFixed(1)} s`);
    t.false(ending.timedOut);
    t.false((await left()).includes(guest.ref.id));
    t.deepEqual([await allocatedBytes([disk]), (await exec(['stat', '--format=%Y %Z', disk])).stdout], before);
  });
});

test.serial('a start that never gets ready, is interrupted, or loses its domain fails in time', async (t) => {
  await withGuests(t, { startTimeoutMs: 15_000, entry: entryOf(['/bin/sleep', '600']) }, async (guests) => {
    const late = await failedStart(t, guests);
    t.is(late.code, 'MARK_TIMEOUT');
    t.deepEqual(namesOf(late.marks).slice(0, 2), ['launched', 'api']);

    const abort = new AbortController();
    setTimeout(() => abort.abort(), 3000);
    await t.throwsAsync(guests.prepared.start({ ...guests.run, signal: abort.signal }, 1), { code: 'INTERRUPTED' });

    const name = `tare-${guests.run.owner.tag}-sys0`;
    const behind = (async () => {
      const there = () => readdirSync('/run/libvirt/qemu').includes(`${name}.pid`);
      t.true(await waitUntil(there, { timeoutMs: 60_000 }));
      await exec(['virsh', '-c', 'qemu:///system', 'destroy', name], { accept: 'any' });
    })();
    const lost = await failedStart(t, guests);
    await behind;
    t.true(['DOMAIN_GONE', 'COMMAND_FAILED'].includes(lost.code), lost.code);
  });
});

test.serial('a flood is kept within bounds, and a guest that ignores the power button is killed', async (t) => {
  const flood = 'trap "" TERM; yes floooood & yes floooood > /dev/console & while :; do sleep 1; done';
  await withGuests(t, { entry: entryOf(['/bin/sh', '-c', flood], 'none') }, async ({ prepared, run }) => {
    await using guest = await prepared.start(run, 0);
    t.is((await guest.exec(['/bin/echo', 'alive'], EXEC)).stdout, 'alive\n');
    t.true((await guest.ping(30_000)) > 0);
    const context = { stateDir: STATE, signal: run.signal, dryRun: true };
    t.deepEqual(await kvmRunner.sweep({ matches: (tag) => tag === run.owner.tag }, context), [guest.ref]);
    t.true((await guest.end('stop', 2000)).timedOut);
  });
});

test.serial('an image that leads to other files of the host is refused before anything reads them', async (t) => {
  await withGuests(t, {}, async ({ spec, run }) => {
    const based = join(run.runDir, 'based.qcow2');
    await exec(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', '/etc/passwd', based]);
    await t.throwsAsync(kvmRunner.prepare(spec, { ...run, vmImage: based }), { code: 'VM_IMAGE' });
    const raw = join(run.runDir, 'raw.qcow2');
    await exec(['qemu-img', 'create', '-q', '-f', 'raw', raw, '1M']);
    await t.throwsAsync(kvmRunner.prepare(spec, { ...run, vmImage: raw }), { code: 'VM_IMAGE' });
    await t.throwsAsync(kvmRunner.prepare(spec, { ...run, vmImage: '/no/such/file' }), { code: 'VM_IMAGE' });
    const bare = join(run.runDir, 'bare.qcow2');
    await exec(['qemu-img', 'create', '-q', '-f', 'qcow2', bare, '64M']);
    const byUefi = { ...run, vmImage: bare, options: { firmware: 'ovmf' } };
    await t.throwsAsync(kvmRunner.prepare(spec, byUefi), { code: 'VM_IMAGE', message: /no EFI system partition/ });
    for (const path of [based, raw, bare]) rmSync(path);
  });
});

test.serial('UEFI without its firmware is refused with the package that brings it', async (t) => {
  const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', dirname(OVMF.code)];
  const main = join(import.meta.dirname, '../../bench/main.ts');
  const run = ['run', '--profile', 'smoke', '--dry-run', '--runners', 'native,kvm'];
  const argv = [...hidden, process.execPath, main, ...run, '--set', 'options.kvm.firmware=ovmf'];
  const { stdout } = await exec(argv, { accept: 'any', timeoutMs: 60_000 });
  t.regex(stdout, /cannot {2}kvm: UEFI for guests is not installed: there is no \/usr\/share\/OVMF\//);
  t.regex(stdout, /→ install it with: apt-get install ovmf$/m);
});

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { allocatedBytes } from '../../bench/image/usage.ts';
import { exec } from '../../bench/proc/exec.ts';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { OVMF } from '../../vms/firmware.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import { EXEC, failedStart, namesOf, phases, STATE, withGuests } from '../helpers/full-system.ts';
import { theImage } from '../helpers/probe-box.ts';
import { entryOf } from '../helpers/real-run.ts';
import { standInLayer } from '../helpers/stand-in.ts';

const OPTIONS = { firmware: 'ovmf' };
/** Where libvirt would keep a guest's variables by itself. */
const LIBVIRT_VARIABLES = '/var/lib/libvirt/qemu/nvram';

function variablesOf(tag: string): readonly string[] {
  return existsSync(LIBVIRT_VARIABLES) ? readdirSync(LIBVIRT_VARIABLES).filter((name) => name.includes(tag)) : [];
}

test.serial(
  'by UEFI a full system starts through every phase, from a disk and with variables of its own',
  async (t) => {
    await withGuests(t, { options: OPTIONS }, async ({ spec, run, prepared, left }) => {
      const bios = await kvmRunner.prepare(spec, { ...run, options: {} });
      t.not(bios.digest, prepared.digest);
      t.notDeepEqual(await bios.imagePaths(), await prepared.imagePaths());
      await bios[Symbol.asyncDispose]();
      const support = await kvmRunner.probe(run);
      t.true(support.ok && support.versions['ovmf'] !== undefined && support.title.endsWith(', full system, UEFI'));

      const template = readFileSync(OVMF.template);
      await using guest = await prepared.start(run, 0);
      phases(t, guest);
      t.is((await guest.exec(['/bin/test', '-d', '/sys/firmware/efi'], EXEC)).exitCode, 0);
      // Four bytes of attributes, then 0 or 1; a build of the firmware that cannot do it has no such variable.
      const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
      const isOff = 'test -d "${1%/*}" && { test ! -e "$1" || test "$(od -An -tu1 -j4 "$1" | tr -d " ")" = 0; }';
      t.is((await guest.exec(['/bin/sh', '-c', isOff, 'sh', variable], EXEC)).exitCode, 0, 'Secure Boot is off');
      const failed = await guest.exec(['/bin/systemctl', 'list-units', '--failed', '--plain', '--no-legend'], EXEC);
      t.is(failed.stdout, '');

      const [, variables = ''] = guest.diskPaths();
      t.true(variables.startsWith(run.runDir));
      t.log(`${await allocatedBytes([variables])} bytes of variables`);
      t.is(readFileSync(variables).length, template.length);
      t.deepEqual(readFileSync(OVMF.template), template, 'the template is nobody’s to write to');
      t.deepEqual(variablesOf(run.owner.tag), []);
      const ending = await guest.end('stop', 120_000);
      t.false(ending.timedOut);
      await guest[Symbol.asyncDispose]();
      t.false(existsSync(variables));
      t.false((await left()).includes(guest.ref.id));
      t.deepEqual(variablesOf(run.owner.tag), []);
    });
  },
);

test.serial('a start by UEFI that fails leaves neither its domain nor its variables', async (t) => {
  const entry = entryOf(['/usr/bin/redis-server', '--no-such-option', 'yes']);
  await withGuests(t, { options: OPTIONS, entry }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'WORKLOAD_EXITED');
    t.deepEqual(namesOf(error.marks).slice(0, 5), ['launched', 'api', 'kernel', 'init', 'exec']);
    t.regex(error.logs['domain.xml'] ?? '', /<nvram template=/);
    t.deepEqual(variablesOf(guests.run.owner.tag), []);
  });
});

test.serial('somebody’s cloud image that has the partition for it boots by UEFI as well', async (t) => {
  t.timeout(900_000);
  const { signal } = new AbortController();
  const system = await prepareSystem(STATE, await theImage(), 'ovmf', signal, standInLayer);
  const vmImage = join(system.folder, 'stand-in.qcow2');
  t.teardown(() => rmSync(vmImage, { force: true }));
  await exec(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', system.path, vmImage]);
  const over = { vmImage, options: OPTIONS, memoryBytes: 512 * 2 ** 20, startTimeoutMs: 600_000 };
  await withGuests(t, over, async ({ run, prepared }) => {
    await using guest = await prepared.start(run, 0);
    phases(t, guest);
    t.is((await guest.exec(['/usr/bin/test', '-d', '/sys/firmware/efi'], EXEC)).exitCode, 0);
  });
});

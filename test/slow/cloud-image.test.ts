import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { exec } from '../../bench/proc/exec.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import { theImage } from '../helpers/probe-box.ts';
import { standInLayer } from '../helpers/stand-in.ts';
import { EXEC, phases, STATE, withGuests } from '../helpers/full-system.ts';

test.serial('somebody’s cloud image is booted as it is, and its seed starts the workload from our tree', async (t) => {
  t.timeout(900_000);
  const { signal } = new AbortController();
  const system = await prepareSystem(STATE, await theImage(), 'seabios', signal, standInLayer);
  const vmImage = join(system.folder, 'stand-in.qcow2');
  t.teardown(() => rmSync(vmImage, { force: true }));
  await exec(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', system.path, vmImage]);
  await withGuests(t, { vmImage, memoryBytes: 512 * 2 ** 20, startTimeoutMs: 600_000 }, async (guests) => {
    const { prepared, run } = guests;
    t.regex(prepared.provenance ?? '', /^stand-in\.qcow2 \(sha256 [0-9a-f]{64}\)$/);
    await using guest = await prepared.start(run, 0);
    phases(t, guest);
    t.deepEqual(await guest.exec(['/usr/bin/redis-cli', 'PING'], EXEC), { exitCode: 0, stdout: 'PONG\n', stderr: '' });
    t.true((await guest.timed(['/bin/true'], EXEC)).insideNs > 0);
    const pong = await guest.client(['/usr/bin/redis-cli', '-h', guest.address ?? '', 'PING'], EXEC);
    t.is(pong.stdout, 'PONG\n');
    t.is((await guest.describe()).seccomp, 0);
    t.false((await guest.end('stop', 180_000)).timedOut);
    t.deepEqual(
      (await prepared.imagePaths()).map((path) => existsSync(path)),
      [true, true],
    );
  });
});

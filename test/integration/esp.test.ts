import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RECIPE } from '../../bench/image/recipe.ts';
import { exec } from '../../bench/proc/exec.ts';
import { makeEsp } from '../../vms/system/esp.ts';

const UUID = 'a1b2c3d4-0000-4000-8000-000000000000';

test('an EFI system partition holds the loader where firmware looks for it, and is the same every time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();
  const loader = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 251));
  const first = await makeEsp(folder, loader, UUID, signal);
  const second = await makeEsp(folder, loader, UUID, signal);
  t.is(first.offset, 2 ** 20);
  t.is(first.bytes.length, 64 * 2 ** 20);
  t.true(first.bytes.equals(second.bytes));

  const [disk, out] = [join(folder, 'disk.raw'), join(folder, 'out')];
  writeFileSync(disk, first.bytes);
  await exec(['fsck.vfat', '-n', disk]);
  const { stdout } = await exec(['mdir', '-i', disk, '::/EFI/BOOT']);
  const day = new Date(RECIPE.epoch * 1000).toISOString().slice(0, 10);
  t.is(stdout.split(day).length - 1, 3, 'everything is of the recipe’s day');
  await exec(['mcopy', '-i', disk, '::/EFI/BOOT/BOOTX64.EFI', out]);
  t.true(readFileSync(out).equals(loader));
});

test('a loader that does not fit is an error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();
  await t.throwsAsync(makeEsp(folder, Buffer.alloc(65 * 2 ** 20, 1), UUID, signal), { code: 'COMMAND_FAILED' });
});

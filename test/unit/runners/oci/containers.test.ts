import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { containersOf, deleteContainer, runtimeRoot } from '../../../../runners/oci/cli.ts';
import { CRUN } from '../../../../runners/crun/runtime.ts';
import { GVISOR } from '../../../../runners/gvisor/runtime.ts';

const NAMES = ['tare-a1b2c3-box-0', 'tare-a1b2c3-box-12'];

test('containers are found by what their runtime keeps of them, and nothing else is', async (t) => {
  const runDir = mkdtempSync(join(tmpdir(), 'tare-records-'));
  t.teardown(() => rmSync(runDir, { recursive: true }));
  t.deepEqual(await containersOf(CRUN, runDir), []);
  for (const name of [...NAMES, 'another']) mkdirSync(join(runtimeRoot(CRUN, runDir), name), { recursive: true });
  t.deepEqual((await containersOf(CRUN, runDir)).toSorted(), NAMES);

  mkdirSync(runtimeRoot(GVISOR, runDir), { recursive: true });
  const files = NAMES.flatMap((name) => [`${name}_sandbox:${name}.state`, `${name}_sandbox:${name}.lock`]);
  for (const file of [...files, 'another_sandbox:another.state'])
    writeFileSync(join(runtimeRoot(GVISOR, runDir), file), '');
  t.deepEqual((await containersOf(GVISOR, runDir)).toSorted(), NAMES);
});

test('what a killed runtime has locked goes with the container that it was for, and no other does', async (t) => {
  const runDir = mkdtempSync(join(tmpdir(), 'tare-records-'));
  t.teardown(() => rmSync(runDir, { recursive: true }));
  await deleteContainer(GVISOR, runDir, 'tare-a1b2c3-box-1');
  const root = runtimeRoot(GVISOR, runDir);
  mkdirSync(root, { recursive: true });
  const locks = ['tare-a1b2c3-box-1', 'tare-a1b2c3-box-12'].map((name) => `${name}_sandbox:${name}.lock`);
  for (const lock of locks) writeFileSync(join(root, lock), '');
  await deleteContainer(GVISOR, runDir, 'tare-a1b2c3-box-1');
  t.deepEqual(readdirSync(root), locks.slice(1));
});

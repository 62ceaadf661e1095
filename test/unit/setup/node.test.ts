import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { setupShell } from '../../helpers/shell.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = ['common.sh', 'node.sh'];

for (const [version, serves] of [
  ['v24.0.0', true],
  ['v26.1.0', true],
  ['v22.20.0', false],
  ['v9.0.0', false],
  ['nonsense', false],
] as const) {
  test(`a host whose node says ${version} ${serves ? 'keeps it' : 'gets another'}`, async (t) => {
    const { exitCode } = await setupShell(FILES, `node() { echo ${version}; }\nhost_node_serves`);
    t.is(exitCode === 0, serves);
  });
}

test('a host without node gets one', async (t) => {
  const { exitCode } = await setupShell(FILES, 'node() { return 127; }\nhost_node_serves');
  t.not(exitCode, 0);
});

test('npm packages are installed again when the lock changed or more is needed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tare-setup-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'lock'), 'one');
  const ask = async (kind: string) =>
    (await setupShell(FILES, `stamped "${folder}/stamp" "${folder}/lock" ${kind}`)).exitCode === 0;
  const stamp = (kind: string) =>
    setupShell(FILES, `printf '%s ${kind}\\n' "$(hash_of "${folder}/lock")" >"${folder}/stamp"`);

  t.false(await ask('run'));
  await stamp('run');
  t.true(await ask('run'));
  t.false(await ask('all'));
  await stamp('all');
  t.true(await ask('run'));
  t.true(await ask('all'));
  await writeFile(join(folder, 'lock'), 'two');
  t.false(await ask('all'));
});

for (const name of ['package-lock.json', 'bench/setup/node/package-lock.json']) {
  test(`${name} pins every package by its hash and names no registry`, (t) => {
    const lock: { packages: Record<string, { resolved?: string; integrity?: string }> } = JSON.parse(
      readFileSync(join(ROOT, name), 'utf8'),
    );
    for (const [path, entry] of Object.entries(lock.packages)) {
      t.is(entry.resolved, undefined, path);
      if (path !== '') t.regex(entry.integrity ?? '', /^sha512-/, path);
    }
  });
}

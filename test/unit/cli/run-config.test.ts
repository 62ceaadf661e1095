import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { configOf, isWorkloadFile, parseCpus } from '../../../bench/cli/run-config.ts';
import { ConfigError } from '../../../bench/errors.ts';

/** A folder with these files, removed when disposed. */
function folderWith(files: Readonly<Record<string, string>>): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'tare-run-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function refusal(t: ExecutionContext, run: () => unknown): ConfigError {
  const error = t.throws(run, { instanceOf: ConfigError });
  return error ?? new ConfigError('NONE', 'nothing was thrown');
}

test('a number says how many CPUs, a list which', (t) => {
  t.is(parseCpus('2'), 2);
  t.deepEqual(parseCpus('0-3,8'), [0, 1, 2, 3, 8]);
  t.deepEqual(parseCpus('3-3'), [3]);
  t.deepEqual(parseCpus('0,'), [0]);
});

test('what is neither is refused with an example', (t) => {
  for (const text of ['', 'two', '-1', '1.5', '3-1', '0x2', ',']) {
    const { code, hint } = refusal(t, () => parseCpus(text));
    t.is(code, 'BAD_CPU_LIST', text);
    t.regex(hint ?? '', /\d-\d/, text);
  }
  t.is(refusal(t, () => configOf({ set: [], clientCpus: 'all' })).code, 'BAD_CPU_LIST');
});

test('flags reach the settings below which they stand, and leave their neighbours alone', (t) => {
  using folder = folderWith({ 'lab.yaml': 'instance: {memory: 1GiB, cpus: 4}\n', 'own.bench.ts': '' });
  const config = join(folder.path, 'lab.yaml');
  const suite = relative(process.cwd(), join(folder.path, 'own.bench.ts'));
  const found = configOf({ config, cpus: '0,2', clientCpus: '1', workload: 'redis', suite, set: [] });
  t.deepEqual(found.instance.cpus, [0, 2]);
  t.is(found.instance.memory, 2 ** 30);
  t.deepEqual(found.clientCpus, [1]);
  t.is(found.workload, 'redis');
  t.is(found.throughput.suite, join(folder.path, 'own.bench.ts'));
  t.is(configOf({ set: [], cpus: '2' }).instance.cpus, 2);
});

test('--set wins over a flag, and a flag over the file', (t) => {
  using folder = folderWith({ 'lab.yaml': 'clientCpus: [5]\n' });
  const found = configOf({
    config: join(folder.path, 'lab.yaml'),
    ...{ cpus: '2', clientCpus: '6', set: ['instance.cpus=3'] },
  });
  t.is(found.instance.cpus, 3);
  t.deepEqual(found.clientCpus, [6]);
});

test("paths of a flag start here, those of a file at the file's folder", (t) => {
  using folder = folderWith({
    'lab.yaml': 'vmImage: cloud.qcow2\nworkload: mine.yaml\n',
    'cloud.qcow2': 'x',
    'mine.yaml': '',
  });
  const found = configOf({ config: join(folder.path, 'lab.yaml'), set: [] });
  t.is(found.vmImage, join(folder.path, 'cloud.qcow2'));
  t.is(found.workload, join(folder.path, 'mine.yaml'));
  const flag = relative(process.cwd(), join(folder.path, 'cloud.qcow2'));
  t.is(configOf({ vmImage: flag, set: [] }).vmImage, join(folder.path, 'cloud.qcow2'));
});

test('a file that is not there, and a folder in its place, are refused by name', (t) => {
  using folder = folderWith({});
  mkdirSync(join(folder.path, 'folder'));
  for (const name of ['missing.qcow2', 'folder']) {
    const path = join(folder.path, name);
    const { code, message } = refusal(t, () => configOf({ vmImage: path, set: [] }));
    t.is(code, 'NO_FILE');
    t.true(message.startsWith('--vm-image: ') && message.includes(path));
  }
  t.is(refusal(t, () => configOf({ suite: join(folder.path, 'none.ts'), set: [] })).code, 'NO_FILE');
  t.is(refusal(t, () => configOf({ workload: join(folder.path, 'none.yaml'), set: [] })).code, 'NO_FILE');
  t.is(refusal(t, () => configOf({ config: join(folder.path, 'none'), set: [] })).code, 'NO_CONFIG');
});

test('a workload is an id or a YAML file, nothing else', (t) => {
  t.true(isWorkloadFile('a/b.yaml') && isWorkloadFile('x.yml'));
  t.false(isWorkloadFile('redis'));
  for (const workload of ['Redis', '../x', 'x.json', '']) {
    t.is(refusal(t, () => configOf({ workload, set: [] })).code, 'BAD_CONFIG', workload);
  }
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chooseRunners } from '../../../bench/cli/choose-runners.ts';
import { configOf, namesRunners } from '../../../bench/cli/run-config.ts';
import { ConfigError } from '../../../bench/errors.ts';
import { RUNNERS } from '../../../runners/registry.ts';

/** A folder with these files. */
function folderWith(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const runnerText = (fields: string) => `
const nothing = async () => { throw new Error('not in this test'); };
export default { id: 'box', apiVersion: 1, probe: nothing, prepare: nothing, sweep: async () => [], ${fields} };
`;

const OPTION = `options: [{ name: 'fast', what: 'whether', values: [true, false], default: false }]`;

async function refusal(t: ExecutionContext, runners: Parameters<typeof chooseRunners>[0]): Promise<ConfigError> {
  const error = await t.throwsAsync(() => chooseRunners(runners), { instanceOf: ConfigError });
  if (!error) throw new Error('nothing was thrown');
  return error;
}

test('a file is loaded with its options and its package’s version', async (t) => {
  const folder = folderWith(t, {
    'package.json': '{"name": "@acme/box", "version": "1.2.3", "type": "module"}',
    'box.js': runnerText(OPTION),
  });
  const use = join(folder, 'box.js');
  const { chosen, files } = await chooseRunners({ runners: ['native', { use, options: { fast: true } }], options: {} });
  t.deepEqual(files, [use]);
  t.deepEqual(
    chosen.map(({ runner, options, module }) => ({ id: runner.id, options, module })),
    [
      { id: 'native', options: {}, module: undefined },
      { id: 'box', options: { fast: true }, module: { use, version: '1.2.3' } },
    ],
  );
});

test('a package is found from the configuration’s folder, and options by id win over those beside it', async (t) => {
  const folder = folderWith(t, {
    'node_modules/@acme/box/package.json': '{"version": "2.0.0", "type": "module", "exports": "./index.js"}',
    'node_modules/@acme/box/index.js': runnerText(OPTION),
  });
  const runners = [{ use: '@acme/box', from: folder, options: { fast: true } }];
  const { chosen } = await chooseRunners({ runners, options: { box: { fast: false } } });
  t.deepEqual(chosen[0]?.options, { fast: false });
  t.deepEqual(chosen[0]?.module, { use: '@acme/box', version: '2.0.0' });
});

test('what a module imports as tare/runner is the tare that loads it, wherever the module lies', async (t) => {
  const text = `
import { ConfigError, defineRunner } from 'tare/runner';
const probe = async () => { throw new ConfigError('FROM_BOX', 'said by the module'); };
export default defineRunner({ id: 'box', apiVersion: 1, probe, prepare: probe, sweep: async () => [] });
`;
  const use = join(folderWith(t, { 'box.mjs': text }), 'box.mjs');
  const { chosen } = await chooseRunners({ runners: [{ use }], options: {} });
  const host = { stateDir: '/nowhere', accel: 'auto', signal: new AbortController().signal } as const;
  await t.throwsAsync(async () => chosen[0]?.runner.probe(host), { instanceOf: ConfigError, code: 'FROM_BOX' });
});

for (const [what, text, message] of [
  ['without a default export', 'export const box = 1;', /default export is no runner/],
  ['written for another version', runnerText('apiVersion: 2'), /apiVersion 2/],
  ['without a way to sweep', runnerText('sweep: undefined'), /no function sweep/],
  ['with an id that is none', runnerText("id: 'My Box'"), /lower-case/],
  ['that cannot be read', 'export default {', /cannot be loaded/],
] as const) {
  test(`a module ${what} is refused by name`, async (t) => {
    const use = join(folderWith(t, { 'box.mjs': text }), 'box.mjs');
    const error = await refusal(t, { runners: [{ use }], options: {} });
    t.is(error.code, 'BAD_MODULE');
    t.regex(error.message, message);
    t.true(error.message.includes(use));
  });
}

test('what is not there is said with where it was looked for', async (t) => {
  const folder = folderWith(t, {});
  for (const use of ['@acme/nothing', join(folder, 'nothing.mjs')]) {
    const error = await refusal(t, { runners: [{ use, from: folder }], options: {} });
    t.is(error.code, 'NO_MODULE');
    t.true(error.message.includes(folder));
  }
});

test('two runners of one id are refused, also where one is tare’s own that does not run', async (t) => {
  t.is((await refusal(t, { runners: ['native', 'native'], options: {} })).code, 'DUPLICATE_RUNNER');
  const folder = folderWith(t, { 'runc.mjs': runnerText("id: 'runc'"), 'box.mjs': runnerText('') });
  const own = { use: join(folder, 'box.mjs') };
  t.is((await refusal(t, { runners: [own, own], options: {} })).code, 'DUPLICATE_RUNNER');
  const pretender = { use: join(folder, 'runc.mjs') };
  t.is((await refusal(t, { runners: ['native', pretender], options: {} })).code, 'DUPLICATE_RUNNER');
});

test('options for a runner that there is not are a mistake', async (t) => {
  t.is((await refusal(t, { runners: ['native'], options: { nativ: { a: 1 } } })).code, 'UNKNOWN_RUNNER');
  t.is((await chooseRunners({ runners: ['native'], options: { runc: {} } })).chosen.length, 1);
});

test('"all" is every runner of tare’s', async (t) => {
  const { chosen } = await chooseRunners({ runners: ['all'], options: {} });
  t.deepEqual(
    chosen.map(({ runner }) => runner.id),
    RUNNERS.map(({ id }) => id),
  );
});

test('the command line names runners one by one, or all', (t) => {
  t.true(namesRunners({ runners: 'native,runc' }));
  t.false(namesRunners({ runners: 'all' }));
  t.false(namesRunners({}));
});

test('a path of the command line starts at the working directory, one of a file at the file’s folder', (t) => {
  const folder = folderWith(t, {
    'lab.yaml': 'runners: [native, {use: ./box.mjs}, {use: "@acme/box", options: {fast: true}}]\n',
  });
  t.deepEqual(configOf({ runners: 'native,./box.mjs', set: [] }).runners, [
    'native',
    { use: join(process.cwd(), 'box.mjs'), from: process.cwd() },
  ]);
  t.deepEqual(configOf({ config: join(folder, 'lab.yaml'), set: [] }).runners, [
    'native',
    { use: join(folder, 'box.mjs'), from: folder },
    { use: '@acme/box', from: folder, options: { fast: true } },
  ]);
});

test('options can be set one by one, for runners with hyphens too', (t) => {
  const { options } = configOf({ set: ['options.kvm-direct.iothreads=1', 'options.kvm-direct.vhost=false'] });
  t.deepEqual(options, { 'kvm-direct': { iothreads: 1, vhost: false } });
});

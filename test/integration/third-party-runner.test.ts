import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { z } from 'zod';
import { CONTRACT } from '../../runners/contract.ts';
import { leftovers } from '../helpers/leftovers.ts';
import { npm, pack, PROJECT } from '../helpers/npm.ts';
import { onlyBundle } from '../helpers/tare.ts';

/** A project of somebody's, outside of this one: tare and the example installed from what npm would publish. */
const project = mkdtempSync(join(tmpdir(), 'tare-test-'));
const EXAMPLE = join(PROJECT, 'examples/bubblewrap-runner');
const installed = join(project, 'node_modules/tare');

/** The installed command, as `npx tare` finds it. */
function tare(...words: readonly string[]) {
  const command = join(project, 'node_modules/.bin/tare');
  return execa(process.execPath, [command, ...words], { cwd: project, reject: false });
}

const verdictSchema = z.object({
  id: z.string(),
  module: z.object({ use: z.string(), version: z.string().nullable() }),
  rules: z.array(z.object({ rule: z.string(), ok: z.boolean(), message: z.string().nullable() })),
});

async function verify(...words: readonly string[]) {
  const { exitCode, stdout, stderr } = await tare('runner', 'verify', ...words, '--json');
  if (stdout === '') throw new RangeError(`nothing was printed: ${stderr}`);
  return { exitCode, verdict: verdictSchema.parse(JSON.parse(stdout)) };
}

test.before(async () => {
  await execa(process.execPath, ['bench/setup/build.ts'], { cwd: PROJECT });
  const tarballs = join(project, 'tarballs');
  mkdirSync(tarballs);
  writeFileSync(join(project, 'package.json'), '{"name": "somebodys", "private": true, "type": "module"}\n');
  await npm(project, 'install', '--prefer-offline', await pack(PROJECT, tarballs), await pack(EXAMPLE, tarballs));
});

test.after.always(() => rmSync(project, { recursive: true, force: true }));

test.serial('the package has every file that a module reads by its own place', (t) => {
  const named = globSync('dist/**/*.js', { cwd: installed }).flatMap((name) => {
    const file = join(installed, name);
    const text = readFileSync(file, 'utf8');
    const found = text.matchAll(
      /new URL\('(\.{0,2}[\w/.-]+)', import\.meta\.url\)|moduleFile\(import\.meta\.url, '([\w/.-]+)'\)/g,
    );
    return [...found].map(([, path, module]) => join(dirname(file), path ?? `${module}.js`));
  });
  t.true(named.length >= 8, `${named.length} places`);
  t.deepEqual(
    named.filter((path) => !existsSync(path)),
    [],
  );
});

test.serial('the command works from a package', async (t) => {
  t.regex((await tare('--help')).stdout, /^Usage: tare /);
  const { exitCode, stdout } = await tare('doctor', '--json');
  t.is(exitCode, 0);
  t.true(JSON.parse(stdout).ok);
});

test.serial('an author’s runner is checked against the types of the package', async (t) => {
  const own = join(project, 'my-runner');
  cpSync(EXAMPLE, own, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const types = ['--typeRoots', join(PROJECT, 'node_modules/@types')];
  const check = () =>
    execa(join(PROJECT, 'node_modules/.bin/tsc'), ['--project', own, ...types], { reject: false, all: true });
  t.is((await check()).all, '');
  writeFileSync(join(own, 'wrong.js'), `import { ownedName } from 'tare/runner';\nownedName(1);\n`);
  t.regex((await check()).all, /^\S*wrong\.js\(2,11\): error TS2345/);
});

test.serial('the example keeps every rule', async (t) => {
  const { exitCode, verdict } = await verify('bubblewrap-runner', '--option', 'newSession=false');
  t.deepEqual(
    verdict.rules.filter(({ ok }) => !ok),
    [],
  );
  t.deepEqual(
    verdict.rules.map(({ rule }) => rule),
    CONTRACT.map(({ name }) => name),
  );
  t.is(exitCode, 0);
  t.deepEqual(verdict.module, { use: 'bubblewrap-runner', version: '1.0.0' });
});

const BROKEN = {
  'forgetful.js': `
import { exec, ownedName } from 'tare/runner';
import bubblewrap from 'bubblewrap-runner';
const prepare = async (spec, run) => {
  const prepared = await bubblewrap.prepare(spec, run);
  const start = async (context, index, options) => {
    await exec(['ip', 'netns', 'add', ownedName(context.owner.tag, 'forgotten-' + index)]);
    return prepared.start(context, index, options);
  };
  return { ...prepared, start, [Symbol.asyncDispose]: () => prepared[Symbol.asyncDispose]() };
};
export default { ...bubblewrap, id: 'forgetful', prepare };
`,
  'generous.js': `
import bubblewrap from 'bubblewrap-runner';
const prepare = (spec, run) => bubblewrap.prepare({ ...spec, memoryBytes: 4 * spec.memoryBytes }, run);
export default { ...bubblewrap, id: 'generous', prepare };
`,
} as const;

for (const [file, part, reason] of [
  ['forgetful.js', 'ends at once', /^left behind: netns tare-[0-9a-f]{6}-forgotten-\d+$/],
  ['generous.js', 'limits hold', /^more memory was used than the \d+ bytes of the spec$/],
] as const) {
  test.serial(`${file} breaks a rule, and the verdict says which and why`, async (t) => {
    writeFileSync(join(project, file), BROKEN[file]);
    const { exitCode, verdict } = await verify(`./${file}`, '--rule', part);
    t.is(exitCode, 1);
    const broken = verdict.rules.filter(({ ok }) => !ok);
    t.is(broken.length, 1);
    t.true(broken[0]?.rule.includes(part));
    t.regex(broken[0]?.message ?? '', reason);
  });
}

test.serial(
  'a run measures it beside tare’s own, and the bundle says which runner with which options it was',
  async (t) => {
    const config = {
      ...{ profile: 'smoke', experiments: ['startup'] },
      runners: ['native', { use: 'bubblewrap-runner', options: { newSession: false } }],
    };
    // Every JSON document is one of YAML.
    writeFileSync(join(project, 'lab.yaml'), JSON.stringify(config));
    const { exitCode, stderr } = await tare('run', '--config', 'lab.yaml', '--out', 'runs', '--json');
    t.is(exitCode, 0, stderr);
    const bundle = onlyBundle(join(project, 'runs'));
    const read = (name: string) => JSON.parse(readFileSync(join(bundle, name), 'utf8'));
    const own = read('manifest.json').runners.find(({ id }: { readonly id: string }) => id === 'bubblewrap');
    t.like(own, { options: { newSession: false }, module: { use: 'bubblewrap-runner', version: '1.0.0' } });
    t.regex(own.versions.bubblewrap, /^\d+\.\d+/);
    const ready = read('result.json').cells.find(
      ({ runner, metric }: { readonly runner: string; readonly metric: string }) =>
        runner === 'bubblewrap' && metric === 'ready',
    );
    t.like(ready, { failures: 0 });
    t.true(ready.median > 0);
  },
);

test.serial('somebody’s runner leaves nothing', async (t) => {
  t.deepEqual(await leftovers('/var/lib/tare'), []);
});

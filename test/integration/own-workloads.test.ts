import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ConfigError } from '../../bench/errors.ts';
import { packEntries, packTree, unpackArchive } from '../../bench/image/archive.ts';
import { fixTimes } from '../../bench/image/bootstrap.ts';
import { buildImage } from '../../bench/image/build.ts';
import { layNode } from '../../bench/image/flavour.ts';
import { additions, hashFile, listingDigest, listTree } from '../../bench/image/listing.ts';
import { currentImage, verifyImage } from '../../bench/image/store.ts';
import { NODE_LAYER } from '../../bench/model/image.ts';
import type { Readings } from '../../bench/model/workload.ts';
import { exec } from '../../bench/proc/exec.ts';
import { shippedSuite, SHIPPED_TASKS, tinybenchWorkload } from '../../bench/workloads/tinybench.ts';
import { loadUserSuite } from '../../bench/workloads/user-suite.ts';
import { loadUserWorkload } from '../../bench/workloads/user.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { kvmDirect } from '../../runners/kvm-direct/index.ts';
import { nativeRunner } from '../../runners/native/index.ts';
import { flavoured, measureOnce } from '../helpers/measuring.ts';
import { STATE, scratch, theImage } from '../helpers/probe-box.ts';
import { tare } from '../helpers/tare.ts';

const signal = new AbortController().signal;
const RUNNERS = [nativeRunner, dockerRunner];
const EXAMPLE = fileURLToPath(new URL('../../examples/workload.yaml', import.meta.url));
const SHIPPED = fileURLToPath(new URL('../../bench/workloads/suite/shipped.bench.ts', import.meta.url));

const OWN_SUITE = `import { createHash } from 'node:crypto';
import { Bench, type Fn } from 'tinybench';
const digest: Fn = () => createHash('md5').update('x').digest();
console.log('what a suite prints is no part of its result');
setInterval(() => {}, 1000);
export default async (): Promise<Bench> =>
  new Bench({ time: 60_000 })
    .add('MD5', digest)
    .add('timer', async () => { await new Promise((resolve) => setTimeout(resolve, 2)); })
    .add('told', () => ({ overriddenDuration: 0.25 }));
`;

function allFinite(readings: Readings): boolean {
  return Object.values(readings).every(
    (values) => values.length > 0 && values.every((value) => Number.isFinite(value) && value > 0),
  );
}

test.serial('the flavour node is built once, stands on the base, and its tree is what its digest says', async (t) => {
  const base = await theImage();
  const image = await flavoured('node');
  t.like(image.manifest, { flavour: 'node', packages: base.manifest.packages });
  t.is(image.manifest.layer?.on, base.manifest.digest);
  t.is(image.manifest.layer?.adds['node'], process.versions.node);
  t.not(image.manifest.digest, base.manifest.digest);
  await verifyImage(image);
  const again = await buildImage({
    ...{ stateDir: STATE, flavour: 'node', signal },
    onProgress: (line) => t.fail(`it builds again: ${line}`),
  });
  t.is(again.folder, image.folder);
  t.is((await currentImage(STATE, image.manifest.recipe.id))?.folder, image.folder);
  t.is((await theImage()).manifest.digest, base.manifest.digest, 'the base stays the current one of its recipe');
});

test.serial('the layer laid again gives the same tree and the same archive, and only adds', async (t) => {
  const [base, image] = [await theImage(), await flavoured('node')];
  const folder = scratch(t);
  const tree = join(folder, 'tree');
  t.deepEqual(await layNode(base, tree, signal), image.manifest.layer);
  await fixTimes(tree, signal);
  const listing = await listTree(tree);
  t.is(listingDigest(listing), image.manifest.digest);
  const archive = join(folder, 'again.tar');
  await packTree(tree, archive, signal);
  t.is(image.manifest.artefacts['tree.tar']?.sha256, await hashFile(archive));
  const below = join(folder, 'below');
  await unpackArchive(base.archive, below, signal);
  const added = additions(await listTree(below), listing) ?? [];
  t.true(added.includes(NODE_LAYER.node.slice(1)));
  t.true(
    added.every((path) => path === NODE_LAYER.node.slice(1) || path.startsWith(dirname(NODE_LAYER.runner).slice(1))),
  );
  await packEntries(tree, added, archive, signal);
  const { stdout } = await exec(['tar', '--list', `--file=${archive}`]);
  const listed = stdout.split('\n').filter((name) => name !== '');
  t.deepEqual(
    listed.map((name) => name.replace(/^\.\//, '').replace(/\/$/, '')),
    added,
  );
});

test.serial('image list says what each flavour is, and image build and export know them', async (t) => {
  const [base, image] = [await theImage(), await flavoured('node')];
  const { stdout } = await tare(['image', 'list']);
  t.regex(stdout, new RegExp(`^\\* ${base.manifest.digest}  .*base: `, 'm'));
  t.regex(
    stdout,
    new RegExp(`^\\* ${image.manifest.digest}  .*node: .*\\n    on ${base.manifest.digest}, adds node 24`, 'm'),
  );
  t.is((await tare(['image', 'build', '--flavour', 'node'])).stdout, `${image.manifest.digest}  ${image.folder}`);
  const state = join(scratch(t), 'state');
  const exported = await tare(['image', 'export', join(state, 'x'), '--state', state, '--flavour', 'node']);
  t.is(exported.exitCode, 4);
  t.regex(exported.stderr, /no image of this recipe in the flavour node .*\n {2}hint: .*--flavour node/);
});

for (const runner of RUNNERS) {
  test.serial(`the shipped suite and one of the user's run unchanged under ${runner.id}`, async (t) => {
    const file = join(scratch(t), 'own.bench.ts');
    writeFileSync(file, OWN_SUITE);
    const own = await tinybenchWorkload({ suite: file, operationTimeMs: 150, signal });
    const [shipped, users] = await measureOnce(t, runner, [shippedSuite(400), own]);
    t.is(Object.keys(shipped ?? {}).length, SHIPPED_TASKS.length);
    t.true(allFinite(shipped ?? {}));
    t.true(Object.values(shipped ?? {}).every((values) => values.length <= 40));
    t.deepEqual(Object.keys(users ?? {}), ['md5', 'timer', 'told']);
    t.true(allFinite(users ?? {}));
    t.true(
      users?.['timer']?.every((ns) => ns >= 1e6),
      'a timer of 2 ms takes over 1 ms',
    );
    t.true(users?.['told']?.every((ns) => ns === 250_000));
  });

  test.serial(`the example of an own workload runs under ${runner.id}`, async (t) => {
    const [readings = {}] = await measureOnce(t, runner, [loadUserWorkload(EXAMPLE)]);
    t.deepEqual(Object.keys(readings), ['sha256-rate', 'events']);
    t.true((readings['sha256-rate']?.[0] ?? 0) > 1e6, 'more than a megabyte a second');
    t.true((readings['events']?.[0] ?? 0) > 100);
  });
}

test.serial('the shipped suite runs unchanged in a guest', async (t) => {
  const [readings = {}] = await measureOnce(t, kvmDirect, [shippedSuite(400)]);
  t.is(Object.keys(readings).length, SHIPPED_TASKS.length);
  t.true(allFinite(readings));
});

test.serial("docker's image of the flavour is a layer on the base's", async (t) => {
  const layersOf = async (digest: string) => {
    const reference = `tare:${digest.slice(7, 23)}`;
    const { stdout } = await exec(['docker', 'image', 'inspect', '--format', '{{json .RootFS.Layers}}', reference]);
    return JSON.parse(stdout) as readonly string[];
  };
  const below = await layersOf((await theImage()).manifest.digest);
  const above = await layersOf((await flavoured('node')).manifest.digest);
  t.deepEqual(above.slice(0, below.length), below);
  t.is(above.length, below.length + 1);
});

test('the tasks of the shipped suite are those that are known beforehand', async (t) => {
  t.deepEqual((await loadUserSuite(SHIPPED, signal)).names, SHIPPED_TASKS);
});

test('inspecting a suite calls none of its tasks and leaves nothing', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'quiet.bench.ts');
  const touch = `() => writeFileSync('${join(folder, 'called')}', '')`;
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
     import { Bench } from 'tinybench';
     writeFileSync('here', '');
     export default new Bench().add('one', ${touch}).add('two', async ${touch}, { beforeAll: ${touch} });`,
  );
  t.deepEqual((await loadUserSuite(file, signal)).names, ['one', 'two']);
  t.deepEqual(readdirSync(folder), ['quiet.bench.ts']);
});

const BENCH = "import { Bench } from 'tinybench';\n";

for (const [name, text, complaint] of [
  ['throws', 'throw new TypeError("no luck\\nsecond line");', /: no luck$/],
  ['exports nothing', 'export const bench = 1;', /its default export is neither a Bench/],
  ['exports a Bench of its own making', 'export default { tasks: [{ name: "x" }] };', /neither a Bench/],
  ['has no task', `${BENCH}export default new Bench();`, /its Bench has no task/],
  [
    'has one name twice',
    `${BENCH}export default new Bench().add('x', () => 1).add('x', () => 2);`,
    /"x" already exists/,
  ],
  [
    'has two names that give one id',
    `${BENCH}export default new Bench().add('x y', () => 1).add('x-y', () => 2);`,
    /"x y" and "x-y" both give "x-y"/,
  ],
  ['has a name without letters', `${BENCH}export default new Bench().add('--', () => 1);`, /no letter or digit/],
  ['imports a package', "import 'lodash';", /it imports "lodash": only tinybench/],
  ['imports a neighbour', "import './neighbour.ts';", /it imports "\.\/neighbour\.ts"/],
  ['runs tasks at once', `${BENCH}export default new Bench({ concurrency: 'task' }).add('x', () => 1);`, /concurrency/],
  ['is no TypeScript', 'export default new Bench(.add;', /line 1: /],
  ['waits forever', 'await new Promise(() => {});', /waits for something that never comes/],
  ['ends itself', 'process.exit(0);', /something else \(no JSON document\)/],
  ['never ends', 'for (;;);', /not loaded within 10 seconds/],
] as const) {
  test(`a suite that ${name} is refused by its file's name before anything runs`, async (t) => {
    const file = join(scratch(t), 'bad.bench.ts');
    writeFileSync(file, text);
    const error = await t.throwsAsync(loadUserSuite(file, signal), { instanceOf: ConfigError });
    t.true(error?.message.startsWith(`${file}: `), error?.message);
    t.regex(error?.message ?? '', complaint);
  });
}

test('a suite that is missing, too large, of another kind or no text is refused', async (t) => {
  const folder = scratch(t);
  const refused = async (name: string, contents: Buffer | null, complaint: RegExp) => {
    const file = join(folder, name);
    if (contents) writeFileSync(file, contents);
    const error = await t.throwsAsync(loadUserSuite(file, signal), { instanceOf: ConfigError, code: 'SUITE_FILE' });
    t.regex(error?.message ?? '', complaint);
  };
  await refused('none.bench.ts', null, /ENOENT/);
  await refused('large.bench.ts', Buffer.alloc(64 * 1024 + 1, ' '), /65537 bytes, a suite at most 65536/);
  await refused('suite.py', Buffer.from('x'), /ends in \.ts/);
  await refused('binary.bench.ts', Buffer.from([0xff, 0xfe, 0]), /not a text/);
});

test('a suite runs by hand, and one whose duration is no number fails by the name of its task', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'nan.bench.ts');
  const runner = join(dirname(SHIPPED), 'run.ts');
  writeFileSync(file, `${BENCH}export default new Bench().add('odd', () => ({ overriddenDuration: NaN }));`);
  const bad = await exec([process.execPath, runner, '--time', '20', file], { accept: 'any', cwd: folder });
  t.is(bad.exitCode, 1);
  t.is(bad.stdout, '');
  t.regex(bad.stderr, /^suite: task "odd": it returned the duration NaN$/m);
  const good = await exec([process.execPath, runner, '--time', '20', SHIPPED], { cwd: folder });
  t.true(allFinite(shippedSuite(400).measurements[0]?.parse(good.stdout) ?? {}));
  t.deepEqual(readdirSync(folder), ['nan.bench.ts']);
});

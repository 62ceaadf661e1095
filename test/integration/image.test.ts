import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { InterruptedError, ParseError } from '../../bench/errors.ts';
import { artefactsOf, compress, packTree } from '../../bench/image/archive.ts';
import { buildImage } from '../../bench/image/build.ts';
import { listingDigest, listTree } from '../../bench/image/listing.ts';
import { RECIPE } from '../../bench/image/recipe.ts';
import { findImage, imagesDir, listImages, verifyImage } from '../../bench/image/store.ts';
import { exportImage, importImage } from '../../bench/image/transfer.ts';
import { allocatedBytes, assessableFileSystem, syncFileSystem } from '../../bench/image/usage.ts';
import type { Image, ImageManifest } from '../../bench/model/image.ts';
import { INSIDE } from '../../bench/model/image.ts';
import { delay } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { STATE, scratch, theImage } from '../helpers/probe-box.ts';

const signal = new AbortController().signal;

/** An image of three files, for what does not need a whole system; `change` may spoil the tree first. */
async function tinyImage(folder: string, change: (tree: string) => void = () => {}): Promise<Image> {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'tare'), { recursive: true });
  writeFileSync(join(tree, 'tare', 'probe'), 'not really a program');
  symlinkSync('tare/probe', join(tree, 'link'));
  change(tree);
  const archive = join(folder, 'tree.tar');
  await packTree(tree, archive, signal);
  await compress(archive, signal);
  const { manifest } = await theImage();
  const tiny: ImageManifest = {
    ...manifest,
    digest: listingDigest(await listTree(tree)),
    artefacts: await artefactsOf(folder),
  };
  writeFileSync(join(folder, 'image.json'), JSON.stringify(tiny));
  return { manifest: tiny, folder, tree, archive, compressedArchive: `${archive}.gz` };
}

/** Puts another tree.tar with matching hash into an export, as a forger would. */
async function forge(image: Image, file: string): Promise<void> {
  const forged = { ...image.manifest, artefacts: await artefactsOf(image.folder) };
  writeFileSync(join(image.folder, 'image.json'), JSON.stringify(forged));
  await exportImage({ ...image, manifest: forged }, file);
}

test.serial('the image that is there is returned at once, and is what its digest says', async (t) => {
  const image = await theImage();
  const again = await buildImage({ stateDir: STATE, signal, onProgress: (line) => t.fail(`it builds again: ${line}`) });
  t.is(again.folder, image.folder);
  await verifyImage(image);
  t.is((await findImage(STATE))?.manifest.digest, image.manifest.digest);
  t.deepEqual(await artefactsOf(image.folder), image.manifest.artefacts);
});

test.serial('every program of the recipe runs from the tree', async (t) => {
  const { tree } = await theImage();
  const calls: readonly (readonly [string, ...string[]])[] = [
    ['redis-server', '--version'],
    ['redis-cli', '--version'],
    ['sysbench', '--version'],
    ['fio', '--version'],
    ['memcached', '--version'],
    ['memcaslap', '--version'],
    ['qemu-ga', '--version'],
  ];
  for (const [program, ...rest] of calls) {
    const { stdout } = await exec(['chroot', tree, program, ...rest]);
    t.regex(stdout, /\d+\.\d+/, program);
  }
});

test.serial('every package is named with its version and the hash of its archive', async (t) => {
  const { manifest, tree } = await theImage();
  const { stdout } = await exec(['chroot', tree, 'dpkg-query', '-W', '-f', '${Package} ${Version} ${Architecture}\n']);
  t.is(`${manifest.packages.map((p) => `${p.name} ${p.version} ${p.architecture}`).join('\n')}\n`, stdout);
  t.deepEqual(
    manifest.packages.filter(({ sha256 }) => sha256 === null),
    [],
  );
  for (const name of RECIPE.include) t.truthy(manifest.packages.find((found) => found.name === name));
});

test.serial('the tree has its fixed places and devices, and no trace of the host that built it', async (t) => {
  const { tree } = await theImage();
  for (const path of Object.values(INSIDE)) t.true(existsSync(join(tree, path)), path);
  for (const path of ['proc', 'sys', 'dev', 'run', 'tmp']) t.true(statSync(join(tree, path)).isDirectory());
  for (const name of Object.keys(RECIPE.devices)) t.true(statSync(join(tree, 'dev', name)).isCharacterDevice());
  t.is(statSync(join(tree, 'etc/machine-id')).size, 0);
  t.is(statSync(join(tree, 'etc/resolv.conf')).size, 0);
  t.false(existsSync(join(tree, 'etc/apt/sources.list')));
  for (const folder of RECIPE.emptied) {
    t.deepEqual((await exec(['find', join(tree, folder), '!', '-type', 'd'])).stdout, '');
  }
  t.is((await exec(['find', tree, '-type', 'f', '-perm', '/6000'])).stdout, '');
  const { stdout } = await exec([
    'find',
    tree,
    '!',
    '-newermt',
    `@${RECIPE.epoch - 1}`,
    '-o',
    '-newermt',
    `@${RECIPE.epoch}`,
  ]);
  t.is(stdout, '', 'every entry carries the same time');
});

test.serial('an exported image comes back with the same digest and the same bytes', async (t) => {
  const image = await theImage();
  const folder = scratch(t);
  const file = join(folder, 'image.tar.zst');
  await exportImage(image, file);
  const state = join(folder, 'state');
  const imported = await importImage(file, state);
  t.is(imported.manifest.digest, image.manifest.digest);
  t.deepEqual(imported.manifest.packages, image.manifest.packages);
  t.is(imported.manifest.artefacts['tree.tar']?.sha256, image.manifest.artefacts['tree.tar']?.sha256);
  t.is((await findImage(state))?.folder, imported.folder);
  t.deepEqual(readdirSync(folder).toSorted(), ['image.tar.zst', 'state']);
  const archive = join(folder, 'again.tar');
  await packTree(imported.tree, archive, signal);
  t.true(readFileSync(archive).equals(readFileSync(image.archive)));
});

test.serial('an import removes what a killed build left, and importing twice keeps one image', async (t) => {
  const folder = scratch(t);
  const image = await tinyImage(join(folder, 'made'));
  const file = join(folder, 'tiny.tar.zst');
  await exportImage(image, file);
  const state = join(folder, 'state');
  mkdirSync(join(imagesDir(state), '.building-1', 'tree'), { recursive: true });
  const waits: string[] = [];
  const onProgress = (line: string) => waits.push(line);
  const [one, two] = await Promise.all([importImage(file, state), importImage(file, state, { onProgress })]);
  t.is(one.folder, two.folder);
  t.is((await listImages(state)).length, 1);
  t.deepEqual(
    readdirSync(imagesDir(state)).filter((name) => name.startsWith('.')),
    [],
  );
  for (const path of [state, imagesDir(state), one.folder]) t.is(statSync(path).mode & 0o777, 0o755);
});

test.serial('a file that was tampered with is refused and leaves nothing', async (t) => {
  const folder = scratch(t);
  const image = await tinyImage(join(folder, 'made'));
  const file = join(folder, 'tiny.tar.zst');
  await exportImage(image, file);
  const bytes = readFileSync(file);
  const cut = join(folder, 'cut.tar.zst');
  writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
  const noise = join(folder, 'noise.tar.zst');
  writeFileSync(noise, 'neither zstd nor tar');
  const forged = join(folder, 'forged.tar.zst');
  writeFileSync(join(image.tree, 'tare', 'probe'), 'another program');
  await packTree(image.tree, image.archive, signal);
  await t.throwsAsync(exportImage(image, forged), { instanceOf: ParseError, code: 'IMAGE_DIGEST' });
  await forge(image, forged);
  const state = join(folder, 'state');
  await t.throwsAsync(importImage(cut, state), { instanceOf: ParseError, code: 'IMAGE_ARCHIVE' });
  await t.throwsAsync(importImage(noise, state), { instanceOf: ParseError, code: 'IMAGE_ARCHIVE' });
  const error = await t.throwsAsync(importImage(forged, state), { instanceOf: ParseError, code: 'IMAGE_DIGEST' });
  t.regex(error?.message ?? '', /the tree's digest is sha256:[0-9a-f]{64}, not sha256:/);
  t.deepEqual(readdirSync(imagesDir(state)), []);
});

test.serial('a tree that would reach out of its folder is refused before it is unpacked', async (t) => {
  const folder = scratch(t);
  const image = await tinyImage(join(folder, 'made'));
  const file = join(folder, 'escape.tar.zst');
  const victim = join(folder, 'victim');
  const state = join(folder, 'state');
  for (const name of [victim, '../../../../victim']) {
    const rename = ['--absolute-names', `--transform=flags=r;s|^link$|${name}|`];
    await exec(['tar', '--create', `--file=${image.archive}`, `--directory=${image.tree}`, ...rename, 'link', 'tare']);
    await forge(image, file);
    await t.throwsAsync(importImage(file, state), { instanceOf: ParseError, code: 'IMAGE_ARCHIVE' });
    t.false(existsSync(victim));
  }
  t.deepEqual(readdirSync(imagesDir(state)), []);
});

test.serial('a file that goes through a symlink out of the tree does not arrive outside', async (t) => {
  const folder = scratch(t);
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  const image = await tinyImage(join(folder, 'made'), (tree) => symlinkSync(outside, join(tree, 'door')));
  const inner = join(folder, 'inner');
  mkdirSync(join(inner, 'door'), { recursive: true });
  writeFileSync(join(inner, 'door', 'loot'), 'x');
  await exec(['tar', '--append', `--file=${image.archive}`, `--directory=${inner}`, 'door/loot']);
  const file = join(folder, 'door.tar.zst');
  await forge(image, file);
  await t.throwsAsync(importImage(file, join(folder, 'state')), { instanceOf: ParseError });
  t.deepEqual(readdirSync(outside), []);
});

test.serial('a tree with a disk or a program that raises rights is refused', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'evil.tar.zst');
  const withProgram = await tinyImage(join(folder, 'one'), (tree) => chmodSync(join(tree, 'tare', 'probe'), 0o4755));
  await exportImage(withProgram, file);
  await t.throwsAsync(importImage(file, join(folder, 'state')), { code: 'IMAGE_ARCHIVE', message: /set-user-id/ });
  const withDisk = await tinyImage(join(folder, 'two'));
  await exec(['mknod', join(withDisk.tree, 'disk'), 'b', '7', '0']);
  await packTree(withDisk.tree, withDisk.archive, signal);
  await forge(withDisk, file);
  await t.throwsAsync(importImage(file, join(folder, 'state')), { code: 'IMAGE_ARCHIVE', message: /strange type/ });
  t.deepEqual(readdirSync(imagesDir(join(folder, 'state'))), []);
});

test.serial('an interrupted build leaves nothing, neither files nor processes', async (t) => {
  const state = join(scratch(t), 'state');
  const stop = new AbortController();
  const build = buildImage({ stateDir: state, signal: stop.signal, onProgress: () => {} });
  const failure = t.throwsAsync(build, { instanceOf: InterruptedError });
  await delay(3000);
  stop.abort();
  await failure;
  t.deepEqual(readdirSync(imagesDir(state)), []);
  t.is((await exec(['pgrep', '--full', `mmdebstrap.*${state}`], { accept: [1] })).stdout, '');
});

test.serial('allocated bytes are what du says: holes cost nothing, hard links count once', async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, 'plain'), Buffer.alloc(100_000, 1));
  linkSync(join(folder, 'plain'), join(folder, 'linked'));
  await exec(['truncate', '--size=1G', join(folder, 'holes')]);
  symlinkSync('/usr', join(folder, 'symlink'));
  await syncFileSystem(folder);
  t.is(await allocatedBytes([join(folder, 'plain')]), 102_400);
  t.is(await allocatedBytes([join(folder, 'plain'), join(folder, 'linked')]), 102_400);
  t.is(await allocatedBytes([join(folder, 'holes')]), 0);
  t.is(await allocatedBytes([join(folder, 'symlink')]), 0);
  t.is(await allocatedBytes([]), 0);
  const { tree } = await theImage();
  const { stdout } = await exec(['du', '-s', '--block-size=1', tree]);
  t.is(await allocatedBytes([tree]), Number(stdout.split('\t')[0]));
  await t.throwsAsync(allocatedBytes([join(folder, 'missing')]), { code: 'COMMAND_FAILED' });
  t.like(await assessableFileSystem('/proc'), { ok: false, type: 'proc' });
  t.like(await assessableFileSystem(folder), {
    type: (await exec(['findmnt', '-no', 'FSTYPE', '-T', folder])).stdout.trim(),
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ConfigError, ParseError, ResourceError } from '../../../bench/errors.ts';
import { recipeId } from '../../../bench/image/recipe.ts';
import { findImage, listImages, openStore, parseManifest, verifyImage } from '../../../bench/image/store.ts';
import type { ImageManifest } from '../../../bench/model/image.ts';

function manifest(hex: string, createdAt: string): ImageManifest {
  return {
    schema: 1,
    digest: `sha256:${hex.padEnd(64, '0')}`,
    recipe: { id: recipeId(), suite: 'bookworm', variant: 'minbase', include: ['redis-server'] },
    createdAt,
    architecture: 'amd64',
    packages: [{ name: 'redis-server', version: '5:7', architecture: 'amd64', sha256: null }],
    artefacts: { 'tree.tar': { sha256: 'a'.repeat(64), bytes: 1 } },
  };
}

function makeState(t: ExecutionContext): string {
  const state = mkdtempSync(join(tmpdir(), 'tare-store-'));
  t.teardown(() => rmSync(state, { recursive: true }));
  return state;
}

function addImage(state: string, hex: string, createdAt = '2026-01-01T00:00:00Z'): string {
  const name = hex.padEnd(64, '0').slice(0, 16);
  const folder = join(state, 'images', name);
  mkdirSync(join(folder, 'tree'), { recursive: true });
  writeFileSync(join(folder, 'image.json'), JSON.stringify(manifest(hex, createdAt)));
  writeFileSync(join(folder, 'tree.tar'), '');
  writeFileSync(join(folder, 'tree.tar.gz'), '');
  return name;
}

function pointTo(state: string, name: string): void {
  symlinkSync(name, join(state, 'images', `current-${recipeId().slice(0, 16)}`));
}

test('an empty or missing store has no image', async (t) => {
  const state = makeState(t);
  t.is(await findImage(state), undefined);
  t.deepEqual(await listImages(state), []);
});

test('the image that the recipe points to is found', async (t) => {
  const state = makeState(t);
  addImage(state, 'aa');
  pointTo(state, addImage(state, 'ab'));
  const image = await findImage(state);
  t.is(image?.manifest.digest, `sha256:${'ab'.padEnd(64, '0')}`);
  t.is(image?.tree, join(state, 'images', 'ab'.padEnd(16, '0'), 'tree'));
});

test('an image is found by the first digits of its digest, and an ambiguous beginning is refused', async (t) => {
  const state = makeState(t);
  addImage(state, 'aa');
  addImage(state, 'ab');
  t.is((await findImage(state, 'sha256:ab'))?.manifest.digest.slice(7, 9), 'ab');
  t.is((await findImage(state, 'aa'))?.manifest.digest.slice(7, 9), 'aa');
  t.is(await findImage(state, 'ff'), undefined);
  await t.throwsAsync(findImage(state, 'a'), { instanceOf: ConfigError, code: 'IMAGE_AMBIGUOUS' });
});

test('images are listed oldest first', async (t) => {
  const state = makeState(t);
  addImage(state, 'aa', '2026-03-01T00:00:00Z');
  addImage(state, 'ab', '2026-02-01T00:00:00Z');
  t.deepEqual(
    (await listImages(state)).map(({ manifest: { digest } }) => digest.slice(7, 9)),
    ['ab', 'aa'],
  );
});

test('what is unfinished or incomplete does not count as an image', async (t) => {
  const state = makeState(t);
  const name = addImage(state, 'aa');
  pointTo(state, name);
  mkdirSync(join(state, 'images', '.building-1', 'tree'), { recursive: true });
  t.is((await listImages(state)).length, 1);
  rmSync(join(state, 'images', name, 'tree.tar'));
  t.is((await listImages(state)).length, 0);
  t.is(await findImage(state), undefined);
});

test('a pointer that leads out of the store is not followed', async (t) => {
  const state = makeState(t);
  mkdirSync(join(state, 'images'));
  pointTo(state, '../../etc');
  t.is(await findImage(state), undefined);
});

test('a manifest of another form is refused', (t) => {
  const good = manifest('aa', '2026-01-01T00:00:00Z');
  t.deepEqual(parseManifest(JSON.stringify(good)), good);
  const bad = ['', '{}', JSON.stringify({ ...good, digest: 'md5:1' }), JSON.stringify({ ...good, schema: 2 })];
  for (const text of bad) t.throws(() => parseManifest(text), { instanceOf: ParseError, code: 'IMAGE_MANIFEST' });
});

test('a tree that is not what the digest says is noticed', async (t) => {
  const state = makeState(t);
  pointTo(state, addImage(state, 'aa'));
  const image = await findImage(state);
  t.truthy(image);
  if (image) await t.throwsAsync(verifyImage(image), { instanceOf: ParseError, code: 'IMAGE_DIGEST' });
});

test('too little space is an error that says how much is missing and what to do', async (t) => {
  const error = await t.throwsAsync(openStore(makeState(t), Number.MAX_SAFE_INTEGER), {
    instanceOf: ResourceError,
    code: 'NO_SPACE',
  });
  t.regex(error?.message ?? '', /\d+ MiB free, an image needs \d+ MiB/);
  t.regex(error?.hint ?? '', /--state/);
});

test('a state folder that cannot be made is an error with a hint', async (t) => {
  const state = makeState(t);
  writeFileSync(join(state, 'file'), '');
  await t.throwsAsync(openStore(join(state, 'file', 'state'), 0), { instanceOf: ResourceError, code: 'STATE_DIR' });
});

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { scratch, theImage } from '../helpers/probe-box.ts';
import { tare } from '../helpers/tare.ts';

test.serial('image build prints the digest and the folder of the image that is there', async (t) => {
  const { manifest, folder } = await theImage();
  const { exitCode, stdout } = await tare(['image', 'build']);
  t.is(exitCode, 0);
  t.is(stdout, `${manifest.digest}  ${folder}`);
});

test.serial('image list marks the current image, and says the same as JSON', async (t) => {
  const { manifest } = await theImage();
  t.regex((await tare(['image', 'list'])).stdout, new RegExp(`^\\* ${manifest.digest}  `, 'm'));
  const rows: unknown = JSON.parse((await tare(['image', 'list', '--json'])).stdout);
  t.true(Array.isArray(rows));
  t.like(
    (rows as readonly object[]).find((row) => 'current' in row && row.current === true),
    {
      digest: manifest.digest,
      packages: manifest.packages.length,
    },
  );
});

test.serial('an empty store is said to be empty', async (t) => {
  const state = join(scratch(t), 'state');
  t.regex((await tare(['image', 'list', '--state', state])).stdout, /no image yet/);
  t.is((await tare(['image', 'list', '--state', state, '--json'])).stdout, '[]');
});

test.serial('an export without an image, and an import without a file, end with 4 and a hint', async (t) => {
  const state = join(scratch(t), 'state');
  const file = join(state, 'x.tar.zst');
  const exported = await tare(['image', 'export', file, '--state', state]);
  t.is(exported.exitCode, 4);
  t.regex(exported.stderr, /there is no image .*\n {2}hint: /);
  const imported = await tare(['image', 'import', file, '--state', state]);
  t.is(imported.exitCode, 4);
  t.regex(imported.stderr, /cannot read/);
});

test.serial('an export goes to the named file and leaves no other', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'image.tar.zst');
  const { exitCode, stdout } = await tare(['image', 'export', file]);
  t.is(exitCode, 0);
  t.is(stdout, file);
  t.true(existsSync(file));
  t.deepEqual(readdirSync(folder), ['image.tar.zst']);
});

test.serial('Ctrl-C during a build ends with 130 and leaves no image', async (t) => {
  const state = join(scratch(t), 'state');
  const building = tare(['image', 'build', '--state', state]);
  building.stderr?.once('data', () => setTimeout(() => building.kill('SIGINT'), 1000));
  t.is((await building).exitCode, 130);
  t.deepEqual(readdirSync(join(state, 'images')), []);
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { unreachableParent } from '../../../bench/image/reach.ts';

/** A folder that everybody may enter; mkdtemp alone gives 0700. */
function openFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tare-reach-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  return folder;
}

test('an open way has no obstacle, whether the path exists or not', (t) => {
  const folder = openFolder(t);
  t.is(unreachableParent(folder), undefined);
  t.is(unreachableParent(join(folder, 'not', 'yet', 'there')), undefined);
});

test('a 0700 folder on the way is named, and the first one where there are several', (t) => {
  const folder = openFolder(t);
  mkdirSync(join(folder, 'home', 'user', 'images'), { recursive: true });
  chmodSync(join(folder, 'home', 'user'), 0o700);
  chmodSync(join(folder, 'home', 'user', 'images'), 0o700);
  t.is(unreachableParent(join(folder, 'home', 'user', 'images', 'disk.qcow2')), join(folder, 'home', 'user'));
});

test('the path itself counts when it is a folder', (t) => {
  const folder = openFolder(t);
  chmodSync(folder, 0o750);
  t.is(unreachableParent(folder), folder);
});

test('a symlink is judged by where it leads', (t) => {
  const folder = openFolder(t);
  mkdirSync(join(folder, 'closed', 'state'), { recursive: true });
  chmodSync(join(folder, 'closed'), 0o700);
  symlinkSync(join(folder, 'closed', 'state'), join(folder, 'state'));
  t.is(unreachableParent(join(folder, 'state', 'images')), join(folder, 'closed'));
});

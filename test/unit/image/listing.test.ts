import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { additions, deviceNumbers, hashFile, listingDigest, listTree } from '../../../bench/image/listing.ts';

function makeTree(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'tare-listing-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc', 'a'), 'alpha');
  writeFileSync(join(root, 'etc', 'new\nline'), '');
  symlinkSync('a', join(root, 'etc', 'link'));
  return root;
}

async function digestOf(root: string): Promise<string> {
  return listingDigest(await listTree(root));
}

test('a listing is sorted, begins with the root and names what each entry is', async (t) => {
  const entries = await listTree(makeTree(t));
  t.deepEqual(
    entries.map(({ path, type }) => `${type} ${path}`),
    ['directory .', 'directory etc', 'file etc/a', 'symlink etc/link', 'file etc/new\nline'],
  );
  t.is(entries[2]?.content, '8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8');
  t.is(entries[3]?.content, 'a');
  t.is(entries[1]?.size, 0);
});

test('two equal trees have the same digest, whatever their times', async (t) => {
  const [one, two] = [makeTree(t), makeTree(t)];
  utimesSync(join(two, 'etc', 'a'), 1, 1);
  t.is(await digestOf(one), await digestOf(two));
  t.regex(await digestOf(one), /^sha256:[0-9a-f]{64}$/);
});

test('contents, mode, link target, name and presence each change the digest', async (t) => {
  const changes: readonly ((root: string) => void)[] = [
    (root) => writeFileSync(join(root, 'etc', 'a'), 'alphA'),
    (root) => chmodSync(join(root, 'etc', 'a'), 0o600),
    (root) => chmodSync(join(root, 'etc', 'a'), 0o4644),
    (root) => {
      rmSync(join(root, 'etc', 'link'));
      symlinkSync('b', join(root, 'etc', 'link'));
    },
    (root) => mkdirSync(join(root, 'empty')),
    (root) => linkSync(join(root, 'etc', 'a'), join(root, 'etc', 'b')),
  ];
  const digests = new Set([await digestOf(makeTree(t))]);
  for (const change of changes) {
    const root = makeTree(t);
    change(root);
    digests.add(await digestOf(root));
  }
  t.is(digests.size, changes.length + 1);
});

test('a name with a line break cannot pass for two entries', (t) => {
  const entry = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, content: '' } as const;
  const one = listingDigest([{ ...entry, path: 'a\nb' }]);
  const two = listingDigest([
    { ...entry, path: 'a' },
    { ...entry, path: 'b' },
  ]);
  t.not(one, two);
});

test('a name that is not UTF-8 is refused', async (t) => {
  const root = makeTree(t);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), '');
  await t.throwsAsync(listTree(root), { instanceOf: ParseError, code: 'IMAGE_NAME' });
});

test('hashing does not follow a symlink', async (t) => {
  await t.throwsAsync(hashFile(join(makeTree(t), 'etc', 'link')), { code: 'ELOOP' });
});

test('device numbers come apart as the kernel packs them', (t) => {
  t.is(deviceNumbers(0x103n), '1:3');
  t.is(deviceNumbers(0xfe00n), '254:0');
  t.is(deviceNumbers(0x1234_5678n), '1110:74616');
});

test('what one tree adds to another is named, and anything changed or missing makes it no addition', async (t) => {
  const [below, above] = [makeTree(t), makeTree(t)];
  mkdirSync(join(above, 'opt'));
  writeFileSync(join(above, 'opt', 'new'), 'x');
  const before = await listTree(below);
  t.deepEqual(additions(before, before), []);
  t.deepEqual(additions(before, await listTree(above)), ['opt', 'opt/new']);
  writeFileSync(join(above, 'etc', 'a'), 'beta!');
  t.is(additions(before, await listTree(above)), undefined, 'changed');
  rmSync(join(above, 'etc', 'a'));
  t.is(additions(before, await listTree(above)), undefined, 'missing');
});

import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { checkExport, checkTree, checkTreeNames } from '../../../bench/image/hostile.ts';
import type { ListingEntry } from '../../../bench/image/listing.ts';

const NAMES = ['image.json', 'tree.tar'] as const;
const GOOD_EXPORT = `-rw-r--r-- 0/0           33002 2025-01-01 00:00 image.json
-rw-r--r-- 0/0       319559680 2025-01-01 00:00 tree.tar
`;
const refused = { instanceOf: ParseError, code: 'IMAGE_ARCHIVE' };

test('an export holds its two files, whose sizes are read', (t) => {
  t.deepEqual(checkExport(GOOD_EXPORT, NAMES), [33002, 319559680]);
});

test('an export with another file, a link in place of a file or a file twice is refused', (t) => {
  const more = '-rw-r--r-- 0/0 1 2025-01-01 00:00 ../../etc/cron.d/x\n';
  const link =
    'lrwxrwxrwx 0/0 0 2025-01-01 00:00 image.json -> /etc/shadow\n-rw-r--r-- 0/0 1 2025-01-01 00:00 tree.tar\n';
  for (const listing of [GOOD_EXPORT + more, GOOD_EXPORT + GOOD_EXPORT, link, '', 'nonsense\n']) {
    t.throws(() => checkExport(listing, NAMES), refused);
  }
});

test('a tree of plain relative names passes, a symlink to anywhere included', (t) => {
  const verbose = `drwxr-xr-x 0/0       0 2025-01-01 00:00 ./
-rw-r--r-- 0/0     100 2025-01-01 00:00 ./etc/a..b
lrwxrwxrwx 0/0       0 2025-01-01 00:00 ./bin -> ../usr/bin
hrw-r--r-- 0/0       0 2025-01-01 00:00 ./etc/b link to ./etc/a..b
crw-rw-rw- 0/0     1,3 2025-01-01 00:00 ./dev/null
`;
  t.notThrows(() => checkTreeNames('./\n./etc/a..b\n./bin\n./etc/b\n./dev/null\n', verbose, 10_240));
});

test('absolute names and names with a parent in them are refused', (t) => {
  for (const name of ['/etc/passwd', '../x', './a/../../x', 'a/..']) {
    t.throws(() => checkTreeNames(`${name}\n`, '', 10_240), refused);
  }
});

test('disks, pipes and more contents than the archive has are refused', (t) => {
  t.throws(() => checkTreeNames('./d\n', 'brw-rw-rw- 0/0 8,0 2025-01-01 00:00 ./d\n', 10_240), refused);
  t.throws(() => checkTreeNames('./p\n', 'prw-rw-rw- 0/0 0 2025-01-01 00:00 ./p\n', 10_240), refused);
  t.throws(() => checkTreeNames('./s\n', '-rw-rw-rw- 0/0 99999999999 2025-01-01 00:00 ./s\n', 10_240), refused);
});

function entry(over: Partial<ListingEntry>): ListingEntry {
  return { path: 'x', type: 'file', mode: 0o755, uid: 0, gid: 0, size: 0, content: '', ...over };
}

const PROBE = entry({ path: 'tare/probe' });

test('an unpacked tree needs the probe and may have the harmless devices', (t) => {
  t.notThrows(() => checkTree([PROBE, entry({ path: 'dev/null', type: 'character', content: '1:3' })]));
  t.throws(() => checkTree([]), refused);
  t.throws(() => checkTree([entry({ path: 'tare/probe', type: 'symlink' })]), refused);
});

test('an unpacked tree with another device or a program that raises rights is refused', (t) => {
  const bad: readonly ListingEntry[] = [
    entry({ path: 'dev/null', type: 'character', content: '1:1' }),
    entry({ path: 'dev/mem', type: 'character', content: '1:1' }),
    entry({ path: 'etc/null', type: 'character', content: '1:3' }),
    entry({ path: 'dev/sda', type: 'block', content: '8:0' }),
    entry({ path: 'bin/su', mode: 0o4755 }),
    entry({ path: 'bin/expiry', mode: 0o2755 }),
    entry({ path: 'pipe', type: 'fifo' }),
  ];
  for (const one of bad) t.throws(() => checkTree([PROBE, one]), refused);
});

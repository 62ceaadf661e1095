import test from 'ava';
import { cpio } from '../../../vms/cpio.ts';
import { entryArchive } from '../../../vms/initrd.ts';

/** Reads a "newc" archive back by the format's own description: 13 fields of 8 hex digits after the magic. */
function list(archive: Buffer): readonly { readonly name: string; readonly mode: number; readonly content: string }[] {
  const entries = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const data = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (archive.toString('latin1', at, at + 6) !== '070701') break;
    entries.push({ name, mode, content: archive.toString('utf8', data, data + size) });
    at = Math.ceil((data + size) / 4) * 4;
  }
  return entries;
}

test('an archive holds its entries in order, padded to four bytes, and ends with the trailer', (t) => {
  const archive = cpio([
    { path: 'modules', mode: 0o755 },
    { path: 'modules/a.ko', mode: 0o644, content: Buffer.from('12345') },
    { path: 'init', mode: 0o755, content: Buffer.from('') },
  ]);
  t.is(archive.length % 4, 0);
  t.deepEqual(list(archive), [
    { name: 'modules', mode: 0o040755, content: '' },
    { name: 'modules/a.ko', mode: 0o100644, content: '12345' },
    { name: 'init', mode: 0o100755, content: '' },
    { name: 'TRAILER!!!', mode: 0, content: '' },
  ]);
});

test('the same entries give the same bytes', (t) => {
  const entries = [{ path: 'x', mode: 0o644, content: Buffer.from('x') }];
  t.deepEqual(cpio(entries), cpio(entries));
});

test('arguments reach the guest whatever they contain', (t) => {
  const argv = ['--ready', 'none', '--', '/bin/echo', '', 'a b', "it's", '$HOME', 'ü'];
  t.is(list(entryArchive(argv))[0]?.content, `${argv.join('\0')}\0`);
});

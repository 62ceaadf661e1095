import test from 'ava';
import { assert, property, uint8Array } from 'fast-check';
import { hasEfiPartition } from '../../../../vms/cloud/efi.ts';

const SECTOR = 512;
/** C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on a disk. */
const ESP = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');
const LINUX = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex');

/** The first sector with one partition of this type. */
function mbr(type: number): Buffer {
  const head = Buffer.alloc(64 * SECTOR);
  head.writeUInt8(type, 446 + 4);
  head.writeUInt16LE(0xaa55, 510);
  return head;
}

function gpt(
  types: readonly Buffer[],
  over: { readonly place?: bigint; readonly count?: number; readonly size?: number } = {},
) {
  const { place = 2n, count = 128, size = 128 } = over;
  const head = mbr(0xee);
  head.write('EFI PART', SECTOR, 'latin1');
  head.writeBigUInt64LE(place, SECTOR + 72);
  head.writeUInt32LE(count, SECTOR + 80);
  head.writeUInt32LE(size, SECTOR + 84);
  for (const [at, type] of types.entries()) type.copy(head, 2 * SECTOR + at * 128);
  return head;
}

test('an EFI system partition is seen in both kinds of table, wherever it stands', (t) => {
  t.true(hasEfiPartition(mbr(0xef)));
  t.true(hasEfiPartition(gpt([ESP, LINUX])));
  // As Debian's cloud images have it: the fifteenth entry.
  t.true(hasEfiPartition(gpt([LINUX, ...Array.from({ length: 13 }, () => Buffer.alloc(16)), ESP])));
});

test('a disk without one has none', (t) => {
  t.false(hasEfiPartition(mbr(0x83)));
  t.false(hasEfiPartition(gpt([LINUX])));
  t.false(hasEfiPartition(Buffer.alloc(64 * SECTOR)));
  t.false(hasEfiPartition(Buffer.alloc(0)));
  const unsigned = gpt([ESP]);
  unsigned.writeUInt16LE(0, 510);
  t.false(hasEfiPartition(unsigned));
});

test('a table that leads out of what was read, or whose entries are no entries, names none', (t) => {
  t.false(hasEfiPartition(gpt([ESP], { place: 2n ** 63n })));
  t.false(hasEfiPartition(gpt([ESP], { place: 64n })));
  t.false(hasEfiPartition(gpt([ESP], { size: 0 })));
  t.false(hasEfiPartition(gpt([ESP], { count: 0 })));
  t.true(hasEfiPartition(gpt([ESP], { count: 0xffffffff })));
});

test('whatever the bytes are, there is an answer', (t) => {
  assert(
    property(uint8Array({ minLength: 2 * SECTOR, maxLength: 8 * SECTOR }), (bytes) => {
      const head = Buffer.from(bytes);
      head.writeUInt16LE(0xaa55, 510);
      head.write('EFI PART', SECTOR, 'latin1');
      t.is(typeof hasEfiPartition(head), 'boolean');
    }),
  );
});

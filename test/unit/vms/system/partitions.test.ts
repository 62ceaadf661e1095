import test from 'ava';
import { diskBytes, partitionTable, placeBootLoader } from '../../../../vms/system/partitions.ts';

const SECTOR = 512;

function bootImage(): Buffer {
  const image = Buffer.alloc(SECTOR, 0xee);
  image.writeUInt16LE(0xaa55, 510);
  return image;
}

/** As grub-mkimage leaves it: the count of sectors after the first is there, their place is not. */
function coreImage(sectors: number): Buffer {
  const image = Buffer.alloc(sectors * SECTOR - 100, 0xcc);
  image.writeBigUInt64LE(2n, 0x1f4);
  image.writeUInt16LE(sectors - 1, 0x1fc);
  return image;
}

test('the first sector points to the core, and the core to the rest of itself', (t) => {
  const [code, core] = placeBootLoader(bootImage(), coreImage(260));
  t.is(code?.offset, 0);
  t.is(code?.bytes.readBigUInt64LE(0x5c), 2048n);
  t.is(core?.offset, 2048 * SECTOR);
  t.is(core?.bytes.readBigUInt64LE(0x1f4), 2049n);
  t.is(core?.bytes.readUInt16LE(0x1fc), 259);
});

test('nothing but the boot code is written into the first sector: the partition table follows it', (t) => {
  const image = bootImage();
  const [code] = placeBootLoader(image, coreImage(2));
  t.is(code?.bytes.length, 440);
  const changed = [...(code?.bytes ?? [])].flatMap((byte, at) => (byte === image[at] ? [] : [at]));
  t.true(changed.every((at) => at >= 0x5c && at < 0x64));
  t.is(image.readUInt8(0x5c), 0xee, 'what was given is left as it was');
});

test('what is no boot loader, or too large for its partition, is refused', (t) => {
  const refused = { code: 'BOOT_LOADER' };
  t.throws(() => placeBootLoader(Buffer.alloc(SECTOR), coreImage(9)), refused);
  t.throws(() => placeBootLoader(bootImage().subarray(1), coreImage(9)), refused);
  t.throws(() => placeBootLoader(bootImage(), Buffer.alloc(100)), refused);
  t.throws(() => placeBootLoader(bootImage(), coreImage(2049)), refused);
  const another = coreImage(9);
  another.writeUInt16LE(1, 0x1fc);
  t.throws(() => placeBootLoader(bootImage(), another), refused);
});

test('the two partitions lie one after the other, and the second copy of the table has room behind them', (t) => {
  const table = partitionTable('seabios', 100, '0a0b0c0d-0000-4000-8000-000000000000');
  t.regex(table, /^label: gpt$/m);
  t.regex(table, /^start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649/m);
  t.regex(table, /^start=4096, size=204800, type=0FC63DAF-/m);
  t.true(diskBytes('seabios', 100) >= (4096 + 204_800 + 33) * SECTOR);
  t.is(diskBytes('seabios', 100) % (1024 * 1024), 0);
});

test('for UEFI an EFI system partition takes the place of the BIOS boot partition, large enough for FAT32', (t) => {
  const table = partitionTable('ovmf', 100, '0a0b0c0d-0000-4000-8000-000000000000');
  t.regex(table, /^start=2048, size=131072, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp$/m);
  t.regex(table, /^start=133120, size=204800, type=0FC63DAF-/m);
  t.true(diskBytes('ovmf', 100) >= (133_120 + 204_800 + 33) * SECTOR);
  t.is(diskBytes('ovmf', 100) % (1024 * 1024), 0);
});

import test from 'ava';
import { CLOUD_SIGNS, sanitise, tellingLines, UEFI_SIGNS } from '../../../vms/console.ts';

test('what a guest prints cannot steer a terminal', (t) => {
  t.is(sanitise('\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07plain\tx'), 'red\nplain\tx');
  t.is(sanitise('a\x00b\x08c\x9bd\rover'), 'a?b?c?d?over');
  t.notRegex(
    sanitise(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')),
    /[^\n\t\x20-\x7e]/,
  );
});

test('the last lines that say something are told, each bounded', (t) => {
  t.is(tellingLines('one\r\ntwo\r\n\r\n   \r\nthree\r\n', 2), 'two\nthree');
  t.is(tellingLines('', 3), '');
  t.is(tellingLines('x'.repeat(5000), 3).length, 200);
});

test('lines that name a failure come before the last ones', (t) => {
  const text =
    '[1.0] Kernel panic - not syncing: x\r\n[1.1] R13: 0\r\ntare: cannot mount /root: No such device\r\nend\r\n';
  t.is(tellingLines(text, 3), '[1.0] Kernel panic - not syncing: x\ntare: cannot mount /root: No such device');
});

/** As OVMF 2022.11 and GRUB 2.06 write to the serial console of a machine without a screen. */
const FIRMWARE_TEXT = [
  '\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)',
  'BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)',
  'Welcome to GRUB!\r\n\r\n\x00error: no suitable video mode found.\r\n\x00Booting in blind mode\r\n\x00',
].join('\r\n');

test('what UEFI and its boot loader write is taken neither for the kernel nor for an init', (t) => {
  const kernel = '[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)\r\n';
  for (const { kernel: sign, init } of [UEFI_SIGNS, CLOUD_SIGNS]) {
    for (let end = 0; end <= FIRMWARE_TEXT.length; end += 1) {
      const text = FIRMWARE_TEXT.slice(0, end);
      if (sign?.test(text) || init.test(text)) t.fail(`a sign in ${JSON.stringify(text.slice(-40))}`);
    }
    t.true(sign?.test(FIRMWARE_TEXT + kernel));
    t.false(init.test(FIRMWARE_TEXT + kernel));
  }
  t.true(UEFI_SIGNS.init.test('tare: init\r\n'));
  t.true(CLOUD_SIGNS.init.test('\r\nWelcome to \x1b[1mDebian GNU/Linux 12 (bookworm)\x1b[0m!\r\n'));
  t.true(CLOUD_SIGNS.init.test('[    3.1] systemd[1]: Inserted module'));
});

import test from 'ava';
import { MACHINE_ID_FILE } from '../../../../bench/image/system/layer.ts';
import { forFirmware, ownLayer, SYSTEM, UEFI } from '../../../../vms/system/recipe.ts';

const UUID = '01234567-89ab-cdef-0123-456789abcdef';

test('the boot loader starts the kernel at once, from the root that the table of mounts names', (t) => {
  const { '/boot/grub/grub.cfg': config = '', '/etc/fstab': mounts } = ownLayer(UUID).files;
  t.regex(config, /^set timeout=0$/m);
  t.regex(config, new RegExp(`root=UUID=${UUID} ro console=ttyS0 loglevel=6 `));
  t.is(mounts, `UUID=${UUID} / ext4 defaults 0 0\n`);
});

test('the machine id is there before the first boot, in the form that systemd takes', (t) => {
  t.regex(ownLayer(UUID).files[MACHINE_ID_FILE] ?? '', /^[0-9a-f]{32}\n$/);
});

test('every masked unit is masked, and none of our own is', (t) => {
  const { links } = ownLayer(UUID);
  for (const unit of SYSTEM.masked) t.is(links[`/etc/systemd/system/${unit}`], '/dev/null');
  t.false(SYSTEM.masked.some((unit) => unit.startsWith('tare-')));
  t.is(new Set(SYSTEM.masked).size, SYSTEM.masked.length);
});

test('what is added goes below folders that are never symbolic links in a merged tree', (t) => {
  for (const path of [...Object.keys(ownLayer(UUID).files), ...Object.keys(ownLayer(UUID).links)]) {
    t.regex(path, /^\/(?:etc|usr|boot)\//);
  }
});

test('between firmwares the boot loader alone differs', (t) => {
  const bios = ownLayer(UUID);
  t.is(forFirmware('seabios', bios), bios);
  const uefi = forFirmware('ovmf', bios);
  t.deepEqual({ ...uefi, packages: [] }, { ...bios, packages: [] });
  const only = (some: readonly string[], others: readonly string[]) => some.filter((name) => !others.includes(name));
  t.deepEqual(only(uefi.packages, bios.packages), ['grub-efi-amd64-bin']);
  t.deepEqual(only(bios.packages, uefi.packages), ['grub-pc-bin']);
  t.deepEqual(
    SYSTEM.grubModules.filter((name) => name !== 'biosdisk'),
    [...UEFI.grubModules],
  );
});

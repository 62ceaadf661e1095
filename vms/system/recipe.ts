import { fileURLToPath } from 'node:url';
import {
  EMPTIED,
  HOSTNAME_FILE,
  MASKED,
  maskLinks,
  REMOVED,
  type SystemLayer,
  systemFiles,
  UNITS,
  WORKLOAD_LINK,
  WORKLOAD_UNIT,
  workloadUnit,
} from '../../bench/image/system/layer.ts';
import type { Firmware } from '../firmware.ts';

/** The helper that bounds a program in a guest. */
export const RUN_HELPER_SOURCE = fileURLToPath(new URL('../guest/run.c', import.meta.url));

/** Where our own files are in a full system. */
export const SYSTEM_INSIDE = {
  /** vms/guest/system.c, which has other names beside it. */
  program: '/usr/lib/tare/system',
  address: '/usr/lib/tare/tare-address',
  entry: '/usr/lib/tare/tare-entry',
  /** systemd runs it as its first generator-time act. */
  generator: '/etc/systemd/system-generators/tare-init',
  /** vms/guest/run.c. */
  helper: '/usr/lib/tare/run',
} as const;

const KERNEL = 'linux-image-cloud-amd64';

/** What makes a full system of the root tree. Raise `revision` when the building code changes what comes out. */
export const SYSTEM = {
  revision: 2,
  /** Each with what it depends on; what the tree has already stays as it is. */
  packages: [...['systemd-sysv', 'udev', 'dbus', 'initramfs-tools', KERNEL, 'grub-pc-bin']],
  /** Built into the boot loader's core, which then needs nothing of the disk but its configuration. */
  grubModules: ['biosdisk', 'part_gpt', 'ext2', 'normal', 'configfile', 'linux'],
  /** Messages up to "notice" on the console, as for the other guests; a panic ends the domain. */
  commandLine: [
    ...['console=ttyS0', 'loglevel=6', 'panic=-1', 'net.ifnames=0', '8250.nr_uarts=1', 'systemd.show_status=auto'],
  ],
  initramfsModules: ['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console', 'virtio_rng', 'qemu_fw_cfg', 'ext4'],
  masked: MASKED,
  emptied: EMPTIED,
  removed: [...REMOVED, '/vmlinuz.old', '/initrd.img.old'],
} as const;

/** What a system that boots by UEFI has otherwise: the same boot loader in its other form. */
export const UEFI = {
  revision: 1,
  package: { out: 'grub-pc-bin', in: 'grub-efi-amd64-bin' },
  grubModules: ['part_gpt', 'ext2', 'normal', 'configfile', 'linux'],
} as const;

const ADDRESS_UNIT = `[Unit]
Description=Address of the network interface
Before=network.target
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${SYSTEM_INSIDE.address}
`;

const INITRAMFS = `MODULES=list
BUSYBOX=n
COMPRESS=gzip
RESUME=none
`;

function grubConfig(uuid: string, commandLine: readonly string[]): string {
  return [
    'set timeout=0',
    `linux /vmlinuz root=UUID=${uuid} ro ${commandLine.join(' ')}`,
    'initrd /initrd.img',
    'boot',
    '',
  ].join('\n');
}

/** What any system needs that boots from a disk with a root file system of this UUID, by absolute path. */
export function bootFiles(uuid: string, commandLine: readonly string[]): Readonly<Record<string, string>> {
  return {
    '/boot/grub/grub.cfg': grubConfig(uuid, commandLine),
    '/etc/fstab': `UUID=${uuid} / ext4 defaults 0 0\n`,
    '/etc/initramfs-tools/conf.d/tare': INITRAMFS,
    '/usr/share/initramfs-tools/modules.d/tare': `${SYSTEM.initramfsModules.join('\n')}\n`,
    [HOSTNAME_FILE]: 'tare\n',
  };
}

/** A layer as it is for this firmware; as layers are made, for a BIOS. */
export function forFirmware(firmware: Firmware, layer: SystemLayer): SystemLayer {
  if (firmware === 'seabios') return layer;
  const swap = (name: string) => (name === UEFI.package.out ? UEFI.package.in : name);
  return { ...layer, packages: layer.packages.map(swap) };
}

/** The full system that tare's guests boot. @param kernel the package of one that has the drivers for their devices. */
export function ownLayer(uuid: string, kernel: string = KERNEL): SystemLayer {
  return {
    packages: SYSTEM.packages.map((name) => (name === KERNEL ? kernel : name)),
    files: {
      ...bootFiles(uuid, SYSTEM.commandLine),
      ...systemFiles(uuid.replaceAll('-', '')),
      [`${UNITS}/tare-address.service`]: ADDRESS_UNIT,
      [`${UNITS}/${WORKLOAD_UNIT}`]: workloadUnit(SYSTEM_INSIDE.entry, { unit: ['Wants=tare-address.service'] }),
    },
    links: {
      ...maskLinks(SYSTEM.masked),
      ...WORKLOAD_LINK,
      [SYSTEM_INSIDE.address]: SYSTEM_INSIDE.program,
      [SYSTEM_INSIDE.entry]: SYSTEM_INSIDE.program,
      [SYSTEM_INSIDE.generator]: SYSTEM_INSIDE.program,
    },
    programs: {
      [SYSTEM_INSIDE.program]: fileURLToPath(new URL('../guest/system.c', import.meta.url)),
      [SYSTEM_INSIDE.helper]: RUN_HELPER_SOURCE,
    },
  };
}

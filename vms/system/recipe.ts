import { fileURLToPath } from 'node:url';
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

const UNITS = '/etc/systemd/system';

/**
 * Units that a server guest without a screen, a login and an updater has no use for. They cost every start, or would write to
 * every instance's own disk.
 */
const MASKED = [
  // The tree's packages bring these; here the probe starts the workload.
  ...['redis-server.service', 'memcached.service'],
  // Periodic work on packages and file systems.
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'fstrim.timer'],
  ...['e2scrub_all.timer', 'e2scrub_reap.service'],
  // Nobody logs in, neither on a screen nor on the serial console.
  ...['getty@tty1.service', 'getty-static.service', 'serial-getty@ttyS0.service'],
  ...['systemd-ask-password-console.path', 'systemd-ask-password-wall.path'],
  // They write to the disk at every boot: a seed that virtio-rng makes needless, and a log of logins.
  ...['systemd-random-seed.service', 'systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service'],
  // The journal is in memory, so there is nothing to flush, and no crash of the last boot to keep.
  ...['systemd-journal-flush.service', 'systemd-pstore.service'],
  // Interfaces for debugging and for programs that are not there, and the modules behind them.
  ...['sys-kernel-debug.mount', 'sys-kernel-tracing.mount', 'sys-kernel-config.mount', 'sys-fs-fuse-connections.mount'],
  ...['dev-hugepages.mount', 'proc-sys-fs-binfmt_misc.automount', 'systemd-binfmt.service', 'modprobe@.service'],
  // The interface of another init.
  'systemd-initctl.socket',
] as const;

const KERNEL = 'linux-image-cloud-amd64';

/** What makes a full system of the root tree. Raise `revision` when the building code changes what comes out. */
export const SYSTEM = {
  revision: 1,
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
  /** Below these folders no file stays: indexes, downloads and logs of this one build. */
  emptied: ['/var/lib/apt/lists', '/var/cache/apt', '/var/cache/ldconfig', '/var/log', '/tmp', '/var/tmp', '/dev'],
  /** Names of the mirror and back-up copies that package scripts leave. */
  removed: [
    ...['/etc/apt/sources.list', '/etc/passwd-', '/etc/group-', '/etc/shadow-', '/etc/gshadow-'],
    ...['/var/lib/dpkg/status-old', '/var/lib/dpkg/available', '/var/lib/dpkg/diversions-old'],
    ...['/var/cache/debconf/config.dat-old', '/var/cache/debconf/templates.dat-old', '/vmlinuz.old', '/initrd.img.old'],
  ],
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

/** No limit that a container of the same workload would not have. */
const WORKLOAD_UNIT = `[Unit]
Description=The workload
Wants=tare-address.service
After=network.target

[Service]
ExecStart=${SYSTEM_INSIDE.entry}
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
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
    '/usr/lib/tare/hostname': 'tare\n',
  };
}

/** Links that keep systemd from starting units. */
export function maskLinks(units: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(units.map((unit) => [`${UNITS}/${unit}`, '/dev/null']));
}

/** What is laid over a copy of the tree before the packages are installed. Paths are absolute, as inside. */
export interface SystemLayer {
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Target by path. */
  readonly links: Readonly<Record<string, string>>;
  /** Source of a C program on this host by the path of its binary. */
  readonly programs: Readonly<Record<string, string>>;
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
      // Instances are clones that start once: with an id that is there, the first boot has nothing to write.
      '/etc/machine-id': `${uuid.replaceAll('-', '')}\n`,
      '/etc/systemd/journald.conf.d/tare.conf': '[Journal]\nStorage=volatile\nRuntimeMaxUse=8M\n',
      [`${UNITS}/tare-address.service`]: ADDRESS_UNIT,
      [`${UNITS}/tare-workload.service`]: WORKLOAD_UNIT,
    },
    links: {
      ...maskLinks(SYSTEM.masked),
      [`${UNITS}/multi-user.target.wants/tare-workload.service`]: `${UNITS}/tare-workload.service`,
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

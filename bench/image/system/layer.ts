/** What is laid over a copy of an image's tree to make a whole system of it. Paths are absolute, as inside. */
export interface SystemLayer {
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Target by path. */
  readonly links: Readonly<Record<string, string>>;
  /** Source of a C program on this host by the path of its binary. */
  readonly programs: Readonly<Record<string, string>>;
}

/** Where a system's own units are. */
export const UNITS = '/etc/systemd/system';

/** A file of every layer: what the host's name in it is to be. The installer itself may put the host's there. */
export const HOSTNAME_FILE = '/usr/lib/tare/hostname';

/** A file of every layer: the machine id, since the installer empties the one in /etc. */
export const MACHINE_ID_FILE = '/usr/lib/tare/machine-id';

/**
 * Units that a server system without a screen, a login and an updater has no use for. They cost every start, or would write to
 * every instance's own disk.
 */
export const MASKED = [
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

/** Below these folders of a finished system no file stays: indexes, downloads and logs of this one build. */
export const EMPTIED = [
  ...['/var/lib/apt/lists', '/var/cache/apt', '/var/cache/ldconfig', '/var/log', '/tmp', '/var/tmp', '/dev'],
] as const;

/** Names of the mirror and back-up copies that package scripts leave. */
export const REMOVED = [
  ...['/etc/apt/sources.list', '/etc/passwd-', '/etc/group-', '/etc/shadow-', '/etc/gshadow-'],
  ...['/var/lib/dpkg/status-old', '/var/lib/dpkg/available', '/var/lib/dpkg/diversions-old'],
  ...['/var/cache/debconf/config.dat-old', '/var/cache/debconf/templates.dat-old'],
] as const;

/** Links that keep systemd from starting units. */
export function maskLinks(units: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(units.map((unit) => [`${UNITS}/${unit}`, '/dev/null']));
}

/** What every system of ours has, whatever boots it. @param id 32 hex digits. */
export function systemFiles(id: string): Readonly<Record<string, string>> {
  return {
    // Instances are clones that start once: with an id that is there, the first boot has nothing to write.
    [MACHINE_ID_FILE]: `${id}\n`,
    '/etc/systemd/journald.conf.d/tare.conf': '[Journal]\nStorage=volatile\nRuntimeMaxUse=8M\n',
  };
}

/** The unit that starts the workload at the end of the boot. */
export const WORKLOAD_UNIT = 'tare-workload.service';

/** What has that unit started. */
export const WORKLOAD_LINK = {
  [`${UNITS}/multi-user.target.wants/${WORKLOAD_UNIT}`]: `${UNITS}/${WORKLOAD_UNIT}`,
} as const;

/**
 * That unit's text: no limit that a container of the same workload would not have.
 * @param execStart as in a unit file. @param more further lines of the sections.
 */
export function workloadUnit(
  execStart: string,
  more: { readonly unit?: readonly string[]; readonly service?: readonly string[] } = {},
): string {
  return [
    ...['[Unit]', 'Description=The workload', ...(more.unit ?? []), 'After=network.target', ''],
    ...['[Service]', `ExecStart=${execStart}`],
    'Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root',
    ...['TasksMax=infinity', 'OOMPolicy=continue', ...(more.service ?? []), ''],
    ...['[Install]', 'WantedBy=multi-user.target', ''],
  ].join('\n');
}

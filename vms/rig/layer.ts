import { MACHINE_ID_FILE, maskLinks, type SystemLayer } from '../../bench/image/system/layer.ts';
import { bootFiles, SYSTEM } from '../system/recipe.ts';

/** Where the rig's second disk is inside: the project, the state folder, and what comes out. */
export const RIG_INSIDE = {
  disk: '/dev/vdb',
  mount: '/srv/rig',
  project: '/srv/rig/project',
  state: '/srv/rig/state',
  results: '/srv/rig/results',
  script: '/srv/rig/inside.sh',
  what: '/srv/rig/what',
  programs: '/srv/rig/bin',
} as const;

const UNITS = '/etc/systemd/system';

/** What `make setup` would install there, and what a look at the host needs; it has no network to install anything from. */
const PACKAGES = [
  ...[
    'mmdebstrap',
    'musl-tools',
    'iproute2',
    'iptables',
    'e2fsprogs',
    'util-linux',
    'zstd',
    'gzip',
    'xz-utils',
    'cpio',
  ],
  ...[
    'runc',
    'docker.io',
    'apparmor',
    'libvirt-daemon-system',
    'libvirt-clients',
    'qemu-system-x86',
    'qemu-utils',
    'dnsmasq-base',
  ],
  // Runners that `make setup` leaves to whoever wants them.
  ...['crun', 'podman', 'netavark', 'lxc', 'systemd-container', 'runsc'],
  ...['fdisk', 'genisoimage', 'make', 'git', 'kmod', 'procps', 'psmisc'],
];

const RIG_UNIT = `[Unit]
Description=What is tried inside
After=multi-user.target
RequiresMountsFor=${RIG_INSIDE.mount} /var/lib/tare

[Service]
Type=oneshot
ExecStart=/bin/bash ${RIG_INSIDE.script}
ExecStopPost=/bin/systemctl --no-block poweroff
Environment=PATH=${RIG_INSIDE.programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
TasksMax=infinity
`;

/**
 * A host as users have it: systemd, cgroup v2, /dev/kvm, docker and libvirt as the distribution ships them. It mounts its
 * second disk, runs the script that is there, and switches itself off.
 */
export function rigLayer(uuid: string): SystemLayer {
  return {
    packages: [...SYSTEM.packages, ...PACKAGES],
    files: {
      ...bootFiles(uuid, ['console=ttyS0', 'loglevel=4', 'panic=-1', 'net.ifnames=0', 'systemd.show_status=no']),
      '/etc/fstab': [
        `UUID=${uuid} / ext4 defaults 0 0`,
        `${RIG_INSIDE.disk} ${RIG_INSIDE.mount} ext4 defaults 0 0`,
        `${RIG_INSIDE.state} /var/lib/tare none bind,x-systemd.requires-mounts-for=${RIG_INSIDE.mount} 0 0`,
        '',
      ].join('\n'),
      [MACHINE_ID_FILE]: `${uuid.replaceAll('-', '')}\n`,
      [`${UNITS}/rig.service`]: RIG_UNIT,
      // A timer starts it once everything is up, so that it does not hold up the boot that it waits for.
      [`${UNITS}/rig.timer`]: '[Timer]\nOnActiveSec=1s\nAccuracySec=1s\n',
    },
    links: {
      ...maskLinks([
        ...['redis-server.service', 'memcached.service', 'apt-daily.timer', 'apt-daily-upgrade.timer'],
        ...['dpkg-db-backup.timer', 'fstrim.timer', 'e2scrub_all.timer', 'e2scrub_reap.service', 'man-db.timer'],
        ...['getty@tty1.service', 'serial-getty@ttyS0.service', 'qemu-guest-agent.service', 'lxc-net.service'],
      ]),
      [`${UNITS}/multi-user.target.wants/rig.timer`]: `${UNITS}/rig.timer`,
    },
    programs: {},
  };
}

/** Programs that tare calls, and the Debian and Ubuntu package that brings each. */
export const PROGRAM_PACKAGES: Readonly<Record<string, string>> = {
  chroot: 'coreutils',
  cp: 'coreutils',
  crun: 'crun',
  docker: 'docker.io',
  dockerd: 'docker.io',
  du: 'coreutils',
  genisoimage: 'genisoimage',
  gzip: 'gzip',
  ip: 'iproute2',
  iptables: 'iptables',
  ln: 'coreutils',
  libvirtd: 'libvirt-daemon-system',
  mcopy: 'mtools',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mkfifo: 'coreutils',
  mmdebstrap: 'mmdebstrap',
  mmd: 'mtools',
  mount: 'mount',
  'musl-gcc': 'musl-tools',
  nsenter: 'util-linux',
  netavark: 'netavark',
  podman: 'podman',
  pivot_root: 'util-linux',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  'rsvg-convert': 'librsvg2-bin',
  runc: 'runc',
  runsc: 'runsc',
  taskset: 'util-linux',
  setpriv: 'util-linux',
  sfdisk: 'fdisk',
  'systemd-nspawn': 'systemd-container',
  tar: 'tar',
  umount: 'mount',
  unshare: 'util-linux',
  virsh: 'libvirt-clients',
  zstd: 'zstd',
};

/** What to do about a missing program. */
export function packageOf(program: string): string {
  const name = PROGRAM_PACKAGES[program];
  return name === undefined ? `install ${program}` : `install it with: apt-get install ${name}`;
}

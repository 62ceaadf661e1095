/** Names by which the disks and ports of a guest appear below /dev, whatever their order. */
export const SERIALS = { tree: 'tare-tree', seed: 'tare-seed' } as const;
const DISKS = '/dev/disk/by-id/virtio-';
const PORTS = '/dev/virtio-ports/';

/** Where the workload's root is in a distribution's system. */
const ROOT = '/run/tare/root';
/** Where the seed is, as seen from that root: an empty folder of every tree. */
const SEED_INSIDE = '/mnt';

/** The helper for programs, as the guest's agent is to call it: it works on the workload's root. */
export const CLOUD_HELPER = ['/usr/sbin/chroot', ROOT, `${SEED_INSIDE}/run`] as const;

/** What one instance's seed says. */
export interface Seed {
  readonly instanceId: string;
  /** Null without a network. */
  readonly network: { readonly mac: string; readonly withPrefix: string } | null;
  /** The probe's arguments after the mark channel. */
  readonly entry: readonly string[];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The workload's environment, root and channel; `sh` is the guest's own. */
function startScript(entry: readonly string[]): string {
  const marks = `${PORTS}tare.marks`;
  return [
    '#!/bin/sh',
    `exec >${PORTS}tare.output 2>&1 </dev/null`,
    'export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `exec chroot ${ROOT} /tare/probe --marks ${marks} --commands ${marks} ${entry.map(quote).join(' ')}`,
    '',
  ].join('\n');
}

/**
 * Lays the workload's root above the image's own disk: the tree is the second disk, read-only, and what is written goes to
 * the first one.
 */
const SETUP_SCRIPT = `#!/bin/sh
set -eu
trap '[ $? = 0 ] || echo "tare: cannot set up the workload" >/dev/console' EXIT
tree=/run/tare/tree store=/var/lib/tare root=${ROOT}
mkdir -p $tree $root $store/upper $store/work
mount -o ro ${DISKS}${SERIALS.tree} $tree
modprobe overlay || :
mount -t overlay overlay -o lowerdir=$tree,upperdir=$store/upper,workdir=$store/work $root
for folder in proc sys dev; do mount --bind /$folder $root/$folder; done
mount -o ro ${DISKS}${SERIALS.seed} $root${SEED_INSIDE}
mkdir -p /run/systemd/system
cp $root${SEED_INSIDE}/tare-workload.service /run/systemd/system/
cp $root${SEED_INSIDE}/tare-agent.service /run/systemd/system/
systemctl daemon-reload
systemctl start --no-block tare-workload.service
# The image's own agent is used where it runs; a port has one reader.
systemctl is-active --quiet qemu-guest-agent.service || systemctl start --no-block tare-agent.service
`;

const WORKLOAD_UNIT = `[Unit]
Description=The workload

[Service]
ExecStart=/bin/sh ${ROOT}${SEED_INSIDE}/start
TasksMax=infinity
OOMPolicy=continue
`;

/** The agent of our tree with our tree's libraries, in the image's own root. */
const LIBRARIES = `${ROOT}/usr/lib/x86_64-linux-gnu`;
const AGENT_UNIT = `[Unit]
Description=QEMU guest agent of the workload's tree

[Service]
ExecStart=${LIBRARIES}/ld-linux-x86-64.so.2 --library-path ${LIBRARIES} ${ROOT}/usr/sbin/qemu-ga \\
  -m virtio-serial -p ${PORTS}org.qemu.guest_agent.0
Restart=on-failure
`;

/** JSON is YAML, so that no value can be taken for syntax. */
function document(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function networkConfig(network: Seed['network']): string {
  if (network === null) return document({ version: 2, ethernets: {} });
  const { mac, withPrefix } = network;
  const eth0 = { match: { macaddress: mac }, 'set-name': 'eth0', dhcp4: false, dhcp6: false, addresses: [withPrefix] };
  return document({ version: 2, ethernets: { eth0 } });
}

/**
 * Text files of a NoCloud seed, by name. The command of `bootcmd` is the first thing that cloud-init lets a user run;
 * everything else a distribution's image does at its first boot is left as it is.
 */
export function seedFiles(seed: Seed): Readonly<Record<string, string>> {
  const setup = `mkdir -p /run/tare/seed && mount -o ro ${DISKS}${SERIALS.seed} /run/tare/seed && exec sh /run/tare/seed/setup`;
  return {
    'meta-data': document({ 'instance-id': seed.instanceId, 'local-hostname': 'tare' }),
    'network-config': networkConfig(seed.network),
    'user-data': `#cloud-config\n${document({ bootcmd: [['sh', '-c', setup]] })}`,
    setup: SETUP_SCRIPT,
    start: startScript(seed.entry),
    'tare-workload.service': WORKLOAD_UNIT,
    'tare-agent.service': AGENT_UNIT,
  };
}

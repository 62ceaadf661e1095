import type { Config } from '../../config/schema.ts';
import { DROP_CACHES } from '../../host/caches.ts';
import type { TunedSetting } from '../../model/manifest.ts';
import type { ResourceKind } from '../../model/owner.ts';

/** One thing that a run makes on the host. */
export interface Change {
  readonly kind: ResourceKind | 'file';
  /** As the host knows it; `<tag>` stands for the run's six hex digits, `<n>` for an instance's number. */
  readonly name: string;
  readonly what: string;
  /** Ids of the runners that need it; empty: every run makes it. */
  readonly by: readonly string[];
  /** Stays after the run, for the next one. */
  readonly stays: boolean;
}

type Row = readonly [kind: Change['kind'], name: string, what: string];

/** Of every instance whose network tare makes. */
const NETNS: Row = ['netns', 'tare-<tag>-<n>', 'with loopback and one interface'];
const LINK: Row = ['link', 'tv<tag><n>', "the host's end of an instance's interface, a port of the bridge"];

/** What each runner makes of its own, for the run and for each instance; gone at the end of either. */
const OF_RUNNER: Readonly<Record<string, (state: string) => readonly Row[]>> = {
  native: (state) => [
    ['folder', `${state}/runs/<tag>/native`, "a copy of the image's tree, which instances write to"],
    ['process', 'TARE_OWNER=<tag>', 'the workload by chroot, listening on loopback; told by that variable'],
  ],
  namespace: (state) => [
    ['folder', `${state}/runs/<tag>/namespace`, 'lists of mounts and writable layers'],
    ['cgroup', 'tare-<tag>-namespace-<n>', "an instance's limits; under systemd a scope of that name"],
    NETNS,
  ],
  runc: (state) => bundles(state, 'runc'),
  crun: (state) => bundles(state, 'crun'),
  lxc: (state) => lxc(state, 'lxc'),
  'lxc-system': (state) => lxc(state, 'lxc-system'),
  docker: () => [['container', 'tare-<tag>-docker-<n>', 'detached, with the label of its run']],
  podman: () => [['container', 'tare-<tag>-podman-<n>', 'detached, with the label of its run']],
  nspawn: (state) => [
    ['folder', `${state}/runs/<tag>/nspawn`, 'writable layers'],
    ['mount', `${state}/runs/<tag>/nspawn/i<n>/rootfs`, 'an overlay on the image'],
    ['cgroup', 'tare-<tag>-nspawn-<n>', "an instance's limits; under systemd a scope of that name"],
    ['folder', '/run/systemd/nspawn/propagate/tare-<tag>-nspawn-<n>', 'made by systemd-nspawn for each container'],
    NETNS,
  ],
  gvisor: (state) => bundles(state, 'gvisor'),
  'kvm-direct': (state) => guests(state, 'vm<n>'),
  qemu: (state) => [
    ['process', 'TARE_INSTANCE=tare-<tag>-qemu<n>', 'an emulator that has left the foreground; told by that variable'],
    guestFolder(state, 'qemu<n>'),
  ],
  kvm: (state) => guests(state, 'sys<n>'),
  'runc-in-kvm': (state) => boxes(state, 'rin'),
  'docker-in-kvm': (state) => boxes(state, 'din'),
};

/** Of LXC's containers, whatever is in them. */
function lxc(state: string, id: string): readonly Row[] {
  return [
    ['folder', `${state}/runs/<tag>/${id}`, 'configurations and writable layers; no container is anywhere else'],
    ['folder', `/run/lxc/lock${state}/runs/<tag>/${id}`, "LXC's locks of these containers"],
    [
      'container',
      `tare-<tag>-${id}-<n>`,
      "with an overlay on its tree that the host does not see, and LXC's process beside it",
    ],
    ['cgroup', `tare-<tag>-${id}-<n>`, "the instance's limits and LXC's own process"],
  ];
}

/** Of a runner of OCI bundles. */
function bundles(state: string, id: string): readonly Row[] {
  return [
    ['folder', `${state}/runs/<tag>/${id}`, 'bundles and writable layers'],
    ['mount', `${state}/runs/<tag>/${id}/i<n>/rootfs`, 'an overlay on the image'],
    ['cgroup', `tare-<tag>-${id}-<n>`, "an instance's limits; under systemd a scope of that name"],
    ['container', `tare-<tag>-${id}-<n>`, "in the runtime's records below the run's own folder"],
    NETNS,
  ];
}

function guestFolder(state: string, name: string): Row {
  return ['folder', `${state}/runs/<tag>/${name}`, 'its disk as a layer on the base disk, its console and channels'];
}

function guests(state: string, name: string): readonly Row[] {
  return [['domain', `tare-<tag>-${name}`, 'a transient libvirt domain'], guestFolder(state, name)];
}

/** Of a runner whose containers are inside one guest. */
function boxes(state: string, prefix: string): readonly Row[] {
  const guest = guests(state, `${prefix}<n>`);
  return [...guest, ['container', `tare-<tag>-${prefix}-box<n>`, 'inside that guest, of which a run has one']];
}

const DOCKER_BRIDGE = 'td<tag>';

const PODMAN_BRIDGE = 'tp<tag>';

const LIBVIRT_LINK: Row = ['link', 'vnet…', "a guest's interface, made and named by libvirt, a port of the bridge"];

/** What runners need of a network; none of it leads out of the host. */
const OF_NETWORK: Readonly<Record<string, readonly Row[]>> = {
  namespace: [LINK],
  runc: [LINK],
  crun: [LINK],
  lxc: [LINK],
  'lxc-system': [LINK],
  nspawn: [LINK],
  gvisor: [LINK],
  docker: [
    [
      'network',
      'tare-<tag>',
      'an internal Docker network in 198.18.0.0/15, with the rules that the engine makes for one',
    ],
    ['link', DOCKER_BRIDGE, 'the bridge of that network'],
  ],
  podman: [
    ['network', 'tare-<tag>-podman', 'an internal Podman network in 198.18.0.0/15'],
    ['link', PODMAN_BRIDGE, 'the bridge of that network'],
    ['link', 'tp<tag>k0', 'a port that keeps the bridge while no container runs'],
  ],
  'kvm-direct': [LIBVIRT_LINK],
  qemu: [['link', 'tt<tag><n>', "a guest's tap, a port of the bridge"]],
  kvm: [LIBVIRT_LINK],
  'runc-in-kvm': [LIBVIRT_LINK],
  'docker-in-kvm': [LIBVIRT_LINK],
};

/** Runners whose instances are ports of the run's own bridge. */
const ON_BRIDGE = [
  ...['namespace', 'runc', 'crun', 'lxc', 'lxc-system', 'nspawn', 'gvisor'],
  ...['kvm-direct', 'qemu', 'kvm', 'runc-in-kvm', 'docker-in-kvm'],
];

function launcher(state: string): readonly Row[] {
  return [['file', `${state}/tools`, 'the launcher, compiled once']];
}

function systems(state: string): readonly Row[] {
  return [
    ['file', `${state}/disks`, 'the same tree as the base disk of guests'],
    ['file', `${state}/systems`, 'the base disk of a whole system: the same tree with kernel and systemd'],
  ];
}

function kernelAndDisk(state: string): readonly Row[] {
  return [
    ['file', `${state}/kernels`, "guests' kernel with its initial file tree: a download of some 30 MB the first time"],
    ['file', `${state}/disks`, 'the same tree as the base disk of guests'],
  ];
}

/** What stays for the next run beside the images, by runner. */
const KEPT: Readonly<Record<string, (state: string) => readonly Row[]>> = {
  namespace: launcher,
  runc: launcher,
  crun: launcher,
  lxc: launcher,
  'lxc-system': (state) => [
    ...launcher(state),
    [
      'file',
      `${state}/system-trees`,
      'the tree of a whole system: the same tree with systemd, a download of some 10 MB',
    ],
  ],
  nspawn: launcher,
  gvisor: launcher,
  docker: (state) => [
    ['image', 'tare:<first 16 digits of the digest>', 'the same tree as an image of the engine'],
    ['file', `${state}/cache`, 'the size of that image as it is shipped'],
  ],
  podman: (state) => [
    ['image', 'localhost/tare:<first 16 digits of the digest>', 'the same tree as an image of Podman'],
    ['file', `${state}/cache`, 'the size of that image as it is shipped'],
  ],
  'kvm-direct': kernelAndDisk,
  qemu: (state) => [...kernelAndDisk(state), ['file', `${state}/tools`, 'the launcher, compiled once']],
  'runc-in-kvm': systems,
  'docker-in-kvm': systems,
  kvm: (state) => [
    ['file', `${state}/systems`, 'the base disk of a whole system: the same tree with kernel and systemd'],
  ],
};

function everyRun(state: string): readonly Row[] {
  return [
    ['folder', `${state}/runs/<tag>`, 'scratch of the run'],
    ['file', `${state}/owners/<tag>.json`, 'says whose the tag is'],
    ['process', 'bench/cli/reaper', 'removes what is left where tare itself is killed; ends with the run'],
  ];
}

/** The name of the run's first bridge; each full one is followed by another. */
const BRIDGE = 'tare-<tag>';

const BRIDGES: readonly Row[] = [
  ['link', BRIDGE, 'a bridge on 198.18.0.0/15; forwarding and IPv6 are off on it and only on it'],
  ['link', 'tare-<tag>-<k>', 'a further bridge of the same kind for every 900 instances at once'],
];

/** A bridge, and how clients on it are called and numbered. */
type ClientsBridge = readonly [bridge: string, of: string, number: number];

/** Bridges that engines make for their containers. */
const OF_ENGINES: Readonly<Record<string, ClientsBridge>> = {
  docker: [DOCKER_BRIDGE, 'docker-client', 1],
  podman: [PODMAN_BRIDGE, 'podman-client', 2],
};

/** What a client outside needs on a bridge. */
function ofClients([bridge, of, number]: ClientsBridge, filtered: boolean): readonly Row[] {
  const port: readonly Row[] = [
    ['netns', `tare-<tag>-${of}`, `of clients that measure over ${bridge}`],
    ['link', `tc<tag>${number}`, `the host's end of their interface, a port of ${bridge}`],
  ];
  const what =
    'lets packets pass from port to port of this bridge: this host filters bridged packets; with the tag as comment';
  return filtered ? [...port, ['rule', `FORWARD -i ${bridge} -o ${bridge} -j ACCEPT`, what]] : port;
}

export interface ChangesOptions {
  readonly config: Pick<Config, 'state' | 'instance' | 'experiments'>;
  /** Ids of runners that can run. */
  readonly runners: readonly string[];
  /** Whether clients outside measure instances over their bridge. */
  readonly clients: boolean;
  /** What `--tune` would change on this host. */
  readonly tuning: readonly TunedSetting[];
  /** Whether the packet filter sees what passes through a bridge (br_netfilter). */
  readonly bridgesFiltered: boolean;
}

/** Every change that such a run would make, but for images and its bundle: first what goes again, then what stays. Pure. */
export function changesOf({ config, runners, clients, tuning, bridgesFiltered }: ChangesOptions): readonly Change[] {
  const { state, instance, experiments } = config;
  const changes = new Map<string, Change>();
  const add = (rows: readonly Row[], by: readonly string[], stays = false) => {
    for (const [kind, name, what] of rows) {
      const known = changes.get(`${kind} ${name}`)?.by ?? [];
      changes.set(`${kind} ${name}`, { kind, name, what, by: [...known, ...by], stays });
    }
  };
  add(everyRun(state), []);
  add(
    tuning.map(({ path, before, during }): Row => ['setting', path, `${during} in place of ${before}, until the end`]),
    [],
  );
  if (experiments.includes('cold')) {
    add([['setting', DROP_CACHES, 'written before each start: every process of this host reads from disk again']], []);
  }
  for (const id of runners) add(OF_RUNNER[id]?.(state) ?? [], [id]);
  if (instance.network === 'bridge') {
    const ports = runners.filter((id) => ON_BRIDGE.includes(id));
    if (ports.length > 0) add(BRIDGES, ports);
    for (const id of runners) add(OF_NETWORK[id] ?? [], [id]);
    if (clients && ports.length > 0) add(ofClients([BRIDGE, 'client', 0], bridgesFiltered), ports);
    for (const [engine, bridge] of Object.entries(OF_ENGINES)) {
      if (clients && runners.includes(engine)) add(ofClients(bridge, bridgesFiltered), [engine]);
    }
  }
  for (const id of runners) add(KEPT[id]?.(state) ?? [], [id], true);
  add([['file', `${state}/log/reaper.log`, 'what the reaper did']], [], true);
  return [...changes.values()];
}

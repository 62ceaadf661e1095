import { UnsupportedError } from '../bench/errors.ts';
import { type DomainSpec, pipedPorts, PORTS } from './domain-xml.ts';
import { DEFAULT_CPU_MODELS, type Hardware } from './hardware.ts';
import { QEMU } from './qemu-program.ts';

/** What surrounds one QEMU process on the host. Paths are absolute. */
export interface QemuPlace {
  /** UNIX sockets on which it listens: for QMP, and for the guest's agent. */
  readonly monitor: string;
  readonly agent: string;
  readonly pidFile: string;
  /** The tap that is a port of the bridge; null without a network. */
  readonly tap: string | null;
  /** How it gives up root's rights, as `confinement` says. */
  readonly confinement: readonly string[];
}

type Properties = Readonly<Record<string, string | number | undefined>>;

/** `driver,name=value,…` as QEMU reads it: a comma inside a value is doubled. Properties without a value are left out. */
export function joined(first: string, properties: Properties): string {
  const words = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value).replaceAll(',', ',,')}`);
  return [first, ...words].join(',');
}

/** Where devices are plugged in: on the root bus in slots of their own, as libvirt's domain has them; or each by itself. */
const BUSES = { q35: 'pcie.0', pc: 'pci.0', microvm: null } as const;

function device(spec: DomainSpec, driver: string, slot: number, properties: Properties): readonly string[] {
  const bus = BUSES[spec.hardware.machine];
  const place = bus === null ? {} : { bus, addr: `0x${slot.toString(16)}` };
  return ['-device', joined(driver, { ...place, ...properties })];
}

function virtio(spec: DomainSpec, kind: string, slot: number, properties: Properties): readonly string[] {
  const suffix = BUSES[spec.hardware.machine] === null ? 'device' : 'pci';
  return device(spec, `virtio-${kind}-${suffix}`, slot, properties);
}

function cpuModel({ accelerator, hardware }: DomainSpec): string {
  const chosen = hardware.cpuModel === 'default' ? DEFAULT_CPU_MODELS[accelerator] : hardware.cpuModel;
  if (chosen === 'host-model')
    throw new UnsupportedError('CPU_MODEL', 'only libvirt knows the model nearest to the host');
  // Five-level paging makes every walk of the emulator's software MMU longer.
  return accelerator === 'tcg' && chosen === 'max' ? 'max,la57=off' : chosen;
}

function memory({ memoryBytes, hardware }: DomainSpec): readonly string[] {
  // As libvirt rounds it.
  const size = Math.ceil(memoryBytes / 2 ** 20) * 2 ** 20;
  const huge = { share: 'off', hugetlb: 'on', hugetlbsize: '2M', prealloc: 'on' };
  const object = hardware.hugePages
    ? joined('memory-backend-memfd', { id: 'pc.ram', size, ...huge })
    : joined('memory-backend-ram', { id: 'pc.ram', size });
  return ['-m', String(size / 2 ** 20), '-object', object];
}

function machine({ hardware }: DomainSpec): readonly string[] {
  // Without ACPI a microvm has no power button. Its devices are to be of the same virtio version as on PCI Express.
  const microvm = hardware.machine === 'microvm';
  const more = microvm ? { acpi: 'on' } : {};
  const word = joined(hardware.machine, { ...more, usb: 'off', 'dump-guest-core': 'off', 'memory-backend': 'pc.ram' });
  return ['-machine', word, ...(microvm ? ['-global', 'virtio-mmio.force-legacy=false'] : [])];
}

function processor(spec: DomainSpec): readonly string[] {
  const { accelerator, cpus, translationCacheMib, hardware } = spec;
  const count = cpus.length;
  return [
    ...['-accel', accelerator === 'kvm' ? 'kvm' : joined('tcg', { 'tb-size': translationCacheMib })],
    ...['-cpu', cpuModel(spec)],
    ...memory(spec),
    ...['-overcommit', 'mem-lock=off'],
    ...['-smp', joined(String(count), { sockets: count, cores: 1, threads: 1 })],
    ...(hardware.iothreads > 0 ? ['-object', joined('iothread', { id: 'iothread1' })] : []),
  ];
}

function boot({ boot: from, firmwareEntries }: DomainSpec): readonly string[] {
  const entries = Object.entries(firmwareEntries).flatMap(([name, text]) => [
    '-fw_cfg',
    `name=${name},string=${text.replaceAll(',', ',,')}`,
  ]);
  if (from.from === 'disk') return entries;
  return [...entries, '-kernel', from.kernel, '-initrd', from.initrd, '-append', from.commandLine];
}

/** One layer of the disk: the file, and the format above it. */
function layer(name: string, format: object, file: object): readonly string[] {
  const storage = { driver: 'file', 'node-name': `${name}-storage`, 'auto-read-only': true, discard: 'unmap', ...file };
  const above = { 'node-name': name, discard: 'unmap', file: `${name}-storage`, ...format };
  return ['-blockdev', JSON.stringify(storage), '-blockdev', JSON.stringify(above)];
}

function iothread({ iothreads }: Hardware): Properties {
  return iothreads > 0 ? { iothread: 'iothread1' } : {};
}

function disk(spec: DomainSpec): readonly string[] {
  const cache = { cache: { direct: spec.diskCache === 'none', 'no-flush': false } };
  const how = spec.diskCache === 'none' ? { aio: 'native', ...cache } : cache;
  const base = { 'read-only': true, driver: spec.base.format, ...cache };
  const own = { 'read-only': false, driver: 'qcow2', backing: 'base', ...cache };
  const properties = { drive: 'disk', id: 'virtio-disk0', bootindex: 1, 'write-cache': 'on' };
  return [
    ...layer('base', base, { filename: spec.base.path, ...how }),
    ...layer('disk', own, { filename: spec.overlay, ...how }),
    ...virtio(spec, 'blk', 3, { ...properties, ...iothread(spec.hardware) }),
  ];
}

const FIRST_READ_ONLY_SLOT = 7;

function readOnlyDisks(spec: DomainSpec): readonly string[] {
  return spec.readOnlyDisks.flatMap(({ path, serial }, at) => [
    ...layer(`read-only${at}`, { driver: 'raw', 'read-only': true }, { filename: path }),
    ...virtio(spec, 'blk', FIRST_READ_ONLY_SLOT + at, {
      ...{ drive: `read-only${at}`, id: `virtio-disk${at + 1}`, serial },
      ...iothread(spec.hardware),
    }),
  ]);
}

function network(spec: DomainSpec, { tap }: QemuPlace): readonly string[] {
  if (spec.network === null || tap === null) return [];
  const { nic, vhost } = spec.hardware;
  // Without a ROM the firmware has no network to boot from and loads nothing for it; without PCI there is none.
  const rom = spec.hardware.machine === 'microvm' ? {} : { romfile: '' };
  const properties = { netdev: 'hostnet0', id: 'net0', mac: spec.network.mac, ...rom };
  const noScripts = { script: 'no', downscript: 'no' };
  return [
    ...['-netdev', joined('tap', { id: 'hostnet0', ifname: tap, ...noScripts, vhost: vhost ? 'on' : 'off' })],
    ...(nic === 'virtio' ? virtio(spec, 'net', 5, properties) : device(spec, nic, 5, properties)),
  ];
}

/** A socket that QEMU listens on, and does not wait at. */
function listening(id: string, path: string): readonly string[] {
  return ['-chardev', joined('socket', { id, path, server: 'on', wait: 'off' })];
}

function channels(spec: DomainSpec, { agent }: QemuPlace): readonly string[] {
  const port = (nr: number, chardev: string, name: string) =>
    [
      '-device',
      joined('virtserialport', { bus: 'virtio-serial0.0', nr, chardev, id: `channel${nr - 1}`, name }),
    ] as const;
  return [
    ...['-chardev', joined('pipe', { id: 'charserial0', path: spec.pipes.console })],
    ...['-device', joined('isa-serial', { chardev: 'charserial0', id: 'serial0', index: 0 })],
    ...listening('charchannel0', agent),
    ...port(1, 'charchannel0', PORTS.agent),
    ...pipedPorts(spec).flatMap(({ name, path }, at) => [
      ...['-chardev', joined('pipe', { id: `charchannel${at + 1}`, path })],
      ...port(at + 2, `charchannel${at + 1}`, name),
    ]),
  ];
}

/**
 * What libvirt forbids an emulator, but for what it cannot be without here: it forks to leave the foreground (spawn), and becomes
 * another user (elevateprivileges). It is started without the right to gain any by executing something.
 */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=allow,spawn=allow,resourcecontrol=deny';

/**
 * The command that runs a guest with QEMU alone, as libvirt would run the domain of the same spec: the same machine, with the same
 * devices in the same places. It returns when the devices are there and the guest runs. Every thread may run on the spec's CPUs
 * only. Every end of the guest, a panic and a reboot included, ends the process. Pure.
 * @throws UnsupportedError `CPU_MODEL`.
 */
export function qemuCommand(spec: DomainSpec, place: QemuPlace): readonly string[] {
  return [
    ...['taskset', '--cpu-list', spec.cpus.join(','), 'setpriv', '--no-new-privs', QEMU],
    ...['-name', joined(`guest=${spec.name}`, { 'debug-threads': 'on' })],
    ...machine(spec),
    ...processor(spec),
    ...['-display', 'none', '-no-user-config', '-nodefaults'],
    ...listening('charmonitor', place.monitor),
    ...['-mon', joined('chardev=charmonitor', { id: 'monitor', mode: 'control' })],
    ...['-rtc', 'base=utc', '-no-reboot', '-boot', 'strict=on'],
    ...boot(spec),
    ...virtio(spec, 'serial', 4, { id: 'virtio-serial0' }),
    ...disk(spec),
    ...readOnlyDisks(spec),
    ...network(spec, place),
    ...channels(spec, place),
    ...['-object', joined('rng-random', { id: 'objrng0', filename: '/dev/urandom' })],
    ...virtio(spec, 'rng', 6, { rng: 'objrng0', id: 'rng0' }),
    ...['-sandbox', SANDBOX, '-msg', 'timestamp=on'],
    ...place.confinement,
    ...['-pidfile', place.pidFile, '-daemonize'],
  ];
}

import { DOMImplementation, type Document, DOMParser, type Element, XMLSerializer } from '@xmldom/xmldom';
import { messageOf, ParseError } from '../bench/errors.ts';
import type { Owner } from '../bench/model/owner.ts';
import { type CpuModel, DEFAULT_CPU_MODELS, type Hardware, HUGE_PAGE_BYTES } from './hardware.ts';

/** The namespace of the owner's tag in a domain's metadata. */
export const OWNER_NAMESPACE = 'urn:tare:owner';

/** The names of a guest's virtio-serial ports, as its init knows them. */
export const PORTS = { agent: 'org.qemu.guest_agent.0', marks: 'tare.marks', output: 'tare.output' } as const;

/** The two flash chips of a machine with UEFI. */
export interface Flash {
  /** The firmware itself, which no guest writes to. */
  readonly code: string;
  /** The firmware's variables as a new machine has them. */
  readonly template: string;
  /** The variables of this guest alone: libvirt makes the file from the template as it starts the domain, and leaves it. */
  readonly variables: string;
}

/** What a guest is booted with: a kernel of the host's, or its firmware from the first disk. Without flash that is QEMU's BIOS. */
export type Boot =
  | { readonly from: 'kernel'; readonly kernel: string; readonly initrd: string; readonly commandLine: string }
  | { readonly from: 'disk'; readonly flash?: Flash };

/** A virtio-serial port beside those that every guest has. `path` stands for two FIFOs, `.in` to the guest and `.out` from it. */
export interface GuestPort {
  /** As the guest finds it in /sys/class/virtio-ports. */
  readonly name: string;
  readonly path: string;
}

/** One guest. Paths are absolute. */
export interface DomainSpec {
  readonly name: string;
  readonly owner: Owner;
  readonly accelerator: 'kvm' | 'tcg';
  readonly hardware: Hardware;
  readonly memoryBytes: number;
  /** Host CPUs: one vCPU is pinned to each; everything else of the emulator runs on any of them. */
  readonly cpus: readonly number[];
  readonly boot: Boot;
  /** The guest's own qcow2 image, and the image under it, which is not touched, not even its owner. */
  readonly overlay: string;
  readonly base: { readonly path: string; readonly format: 'raw' | 'qcow2' };
  /** Raw images that it sees as further disks under these serial numbers and cannot write to; not touched either. */
  readonly readOnlyDisks: readonly { readonly path: string; readonly serial: string }[];
  /** Text by name that the firmware hands on to the guest (QEMU's fw_cfg). Names begin with `opt/`. */
  readonly firmwareEntries: Readonly<Record<string, string>>;
  /** Caps what the emulator's translated code takes of the host's memory. */
  readonly translationCacheMib: number;
  readonly diskCache: 'none' | 'writeback';
  readonly network: { readonly bridge: string; readonly mac: string } | null;
  /** Each stands for two FIFOs, `.in` to the guest and `.out` from it. */
  readonly pipes: { readonly console: string; readonly marks: string; readonly output: string };
  /** Further ports, in the order of their numbers. Default: none. */
  readonly ports?: readonly GuestPort[];
}

type Attributes = Readonly<Record<string, string | number>>;

function add(parent: Element | Document, name: string, attributes: Attributes = {}, text?: string): Element {
  const document = parent.ownerDocument ?? (parent as Document);
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.appendChild(document.createTextNode(text));
  parent.appendChild(element);
  return element;
}

function addOwner(domain: Element, { tag, runId, pid, startTime, bootId }: Owner): void {
  const values = { tag, runId, pid, startTime, bootId };
  add(add(domain, 'metadata'), 'tare:owner', { 'xmlns:tare': OWNER_NAMESPACE, ...values });
}

/** What libvirt calls the models that are none of its named ones. */
const CPU_MODES: Readonly<Record<Exclude<CpuModel, 'default' | 'qemu64'>, string>> = {
  host: 'host-passthrough',
  max: 'maximum',
  'host-model': 'host-model',
};

function addCpu(domain: Element, { accelerator, hardware }: DomainSpec): void {
  const chosen = hardware.cpuModel === 'default' ? DEFAULT_CPU_MODELS[accelerator] : hardware.cpuModel;
  if (chosen === 'qemu64') {
    const cpu = add(domain, 'cpu', { mode: 'custom', match: 'exact', check: 'none' });
    return void add(cpu, 'model', { fallback: 'forbid' }, chosen);
  }
  const cpu = add(domain, 'cpu', { mode: CPU_MODES[chosen], check: 'none' });
  // Five-level paging makes every walk of the emulator's software MMU longer.
  if (accelerator === 'tcg') add(cpu, 'feature', { policy: 'disable', name: 'la57' });
}

function addProcessor(domain: Element, spec: DomainSpec): void {
  const set = spec.cpus.join(',');
  add(domain, 'vcpu', { placement: 'static', cpuset: set }, String(spec.cpus.length));
  const tune = add(domain, 'cputune');
  for (const [vcpu, cpuset] of spec.cpus.entries()) add(tune, 'vcpupin', { vcpu, cpuset });
  add(tune, 'emulatorpin', { cpuset: set });
  if (spec.hardware.iothreads > 0) {
    add(domain, 'iothreads', {}, String(spec.hardware.iothreads));
    add(tune, 'iothreadpin', { iothread: 1, cpuset: set });
  }
  addCpu(domain, spec);
}

function addFeatures(domain: Element, { accelerator, translationCacheMib }: DomainSpec): void {
  const features = add(domain, 'features');
  add(features, 'acpi');
  add(features, 'apic');
  if (accelerator === 'tcg') add(add(features, 'tcg'), 'tb-cache', { unit: 'MiB' }, String(translationCacheMib));
}

function addFlash(os: Element, { code, template, variables }: Flash): void {
  add(os, 'loader', { readonly: 'yes', secure: 'no', type: 'pflash' }, code);
  add(os, 'nvram', { template }, variables);
}

function addBoot(domain: Element, { boot, firmwareEntries, hardware }: DomainSpec): void {
  const entries = Object.entries(firmwareEntries);
  const info = entries.length === 0 ? undefined : add(domain, 'sysinfo', { type: 'fwcfg' });
  if (info) for (const [name, text] of entries) add(info, 'entry', { name }, text);
  const os = add(domain, 'os');
  add(os, 'type', { arch: 'x86_64', machine: hardware.machine }, 'hvm');
  if (boot.from === 'disk') {
    if (boot.flash) addFlash(os, boot.flash);
    return void add(os, 'boot', { dev: 'hd' });
  }
  add(os, 'kernel', {}, boot.kernel);
  add(os, 'initrd', {}, boot.initrd);
  add(os, 'cmdline', {}, boot.commandLine);
}

const FIRST_READ_ONLY_SLOT = 7;
const READ_ONLY_LETTERS = 'bcdefg';

/** On the root bus, each in a slot of its own: a root port for each would be one more bridge to set up at boot. */
function addAddress(device: Element, slot: number): void {
  const hex = (value: number) => `0x${value.toString(16).padStart(2, '0')}`;
  add(device, 'address', { type: 'pci', domain: '0x0000', bus: '0x00', slot: hex(slot), function: '0x0' });
}

function iothread({ iothreads }: Hardware): Attributes {
  return iothreads > 0 ? { iothread: 1 } : {};
}

function addDisk(devices: Element, spec: DomainSpec): void {
  const disk = add(devices, 'disk', { type: 'file', device: 'disk' });
  const { diskCache: cache, hardware } = spec;
  const io = { ...(cache === 'none' ? { io: 'native' } : {}), ...iothread(hardware) };
  add(disk, 'driver', { name: 'qemu', type: 'qcow2', cache, discard: 'unmap', ...io });
  add(disk, 'source', { file: spec.overlay });
  const backing = add(disk, 'backingStore', { type: 'file' });
  add(backing, 'format', { type: spec.base.format });
  add(add(backing, 'source', { file: spec.base.path }), 'seclabel', { model: 'dac', relabel: 'no' });
  add(backing, 'backingStore');
  add(disk, 'target', { dev: 'vda', bus: 'virtio' });
  addAddress(disk, 3);
}

function addReadOnlyDisks(devices: Element, { readOnlyDisks, hardware }: DomainSpec): void {
  for (const [at, { path, serial }] of readOnlyDisks.entries()) {
    const disk = add(devices, 'disk', { type: 'file', device: 'disk' });
    add(disk, 'driver', { name: 'qemu', type: 'raw', ...iothread(hardware) });
    add(add(disk, 'source', { file: path }), 'seclabel', { model: 'dac', relabel: 'no' });
    add(disk, 'backingStore');
    add(disk, 'target', { dev: `vd${READ_ONLY_LETTERS[at]}`, bus: 'virtio' });
    add(disk, 'readonly');
    add(disk, 'serial', {}, serial);
    addAddress(disk, FIRST_READ_ONLY_SLOT + at);
  }
}

/** The virtio-serial ports over pipes: those that every guest has, then its own. */
export function pipedPorts({ pipes, ports = [] }: DomainSpec): readonly GuestPort[] {
  return [...(['marks', 'output'] as const).map((name) => ({ name: PORTS[name], path: pipes[name] })), ...ports];
}

function addChannels(devices: Element, spec: DomainSpec): void {
  const serial = add(devices, 'serial', { type: 'pipe' });
  add(serial, 'source', { path: spec.pipes.console });
  add(serial, 'target', { type: 'isa-serial', port: 0 });
  addAddress(add(devices, 'controller', { type: 'virtio-serial', index: 0 }), 4);
  const agent = add(devices, 'channel', { type: 'unix' });
  add(agent, 'target', { type: 'virtio', name: PORTS.agent });
  for (const { name, path } of pipedPorts(spec)) {
    const channel = add(devices, 'channel', { type: 'pipe' });
    add(channel, 'source', { path });
    add(channel, 'target', { type: 'virtio', name });
  }
}

function addNetwork(devices: Element, { network, hardware }: DomainSpec): void {
  if (network === null) return;
  const link = add(devices, 'interface', { type: 'bridge' });
  add(link, 'mac', { address: network.mac });
  add(link, 'source', { bridge: network.bridge });
  add(link, 'model', { type: hardware.nic });
  // Said in so many words: by itself libvirt takes vhost-net where it can, and nothing tells whether it could.
  if (hardware.nic === 'virtio') add(link, 'driver', { name: hardware.vhost ? 'vhost' : 'qemu' });
  // Without a ROM the firmware has no network to boot from and loads nothing for it.
  add(link, 'rom', { enabled: 'no' });
  addAddress(link, 5);
}

function addDevices(domain: Element, spec: DomainSpec): void {
  const devices = add(domain, 'devices');
  addDisk(devices, spec);
  addReadOnlyDisks(devices, spec);
  add(devices, 'controller', { type: 'usb', model: 'none' });
  addChannels(devices, spec);
  addNetwork(devices, spec);
  add(devices, 'memballoon', { model: 'none' });
  const rng = add(devices, 'rng', { model: 'virtio' });
  add(rng, 'backend', { model: 'random' }, '/dev/urandom');
  addAddress(rng, 6);
}

/** The domain as libvirt takes it. Every end of the guest, a panic and a reboot included, ends the domain. */
export function domainXml(spec: DomainSpec): string {
  const document = new DOMImplementation().createDocument(null, '');
  const domain = add(document, 'domain', { type: spec.accelerator === 'kvm' ? 'kvm' : 'qemu' });
  add(domain, 'name', {}, spec.name);
  addOwner(domain, spec.owner);
  add(domain, 'memory', { unit: 'bytes' }, String(spec.memoryBytes));
  if (spec.hardware.hugePages) {
    const pages = add(add(domain, 'memoryBacking'), 'hugepages');
    add(pages, 'page', { size: HUGE_PAGE_BYTES / 1024, unit: 'KiB' });
  }
  addProcessor(domain, spec);
  addBoot(domain, spec);
  addFeatures(domain, spec);
  add(domain, 'clock', { offset: 'utc' });
  for (const event of ['on_poweroff', 'on_reboot', 'on_crash']) add(domain, event, {}, 'destroy');
  addDevices(domain, spec);
  return new XMLSerializer().serializeToString(document);
}

function parse(xml: string): Element {
  try {
    // Throws on errors by itself; warnings would go to the terminal.
    const root = new DOMParser({ onError: () => {} }).parseFromString(xml, 'text/xml').documentElement;
    if (root) return root;
  } catch (cause) {
    throw new ParseError('DOMAIN_XML', `libvirt gave XML that cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new ParseError('DOMAIN_XML', 'libvirt gave no XML');
}

/** What a domain's live XML says of it. */
export interface LiveDomain {
  readonly type: string;
  readonly vcpus: number | null;
  /** Of the first disk. */
  readonly diskCache: string | null;
}

/** @throws ParseError `DOMAIN_XML`. */
export function readLiveDomain(xml: string): LiveDomain {
  const root = parse(xml);
  const vcpus = Number(root.getElementsByTagName('vcpu')[0]?.textContent ?? Number.NaN);
  return {
    type: root.getAttribute('type') ?? '',
    vcpus: Number.isInteger(vcpus) ? vcpus : null,
    diskCache: root.getElementsByTagName('disk')[0]?.getElementsByTagName('driver')[0]?.getAttribute('cache') ?? null,
  };
}

/** The owner's tag in a domain's metadata (`virsh metadata`). @throws ParseError `DOMAIN_XML`. */
export function readOwnerTag(xml: string): string | null {
  return parse(xml).getAttribute('tag');
}

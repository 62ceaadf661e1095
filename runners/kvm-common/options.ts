import { UnsupportedError } from '../../bench/errors.ts';
import type { OptionValues, RunnerOption } from '../../bench/model/runner.ts';
import {
  type CpuModel,
  type Hardware,
  type HardwareFacts,
  hardwareRefusal,
  type HardwareRefusal,
  type MachineType,
  type Nic,
} from '../../vms/hardware.ts';
import { hardwareFacts, opensVhostNet } from '../../vms/hardware-facts.ts';
import { optionOf } from '../shared/options.ts';
import type { Manager } from './manager.ts';

const MACHINE = {
  name: 'machine',
  what: 'the machine that is emulated: q35 with PCI Express, or the older pc with PCI',
  values: ['q35', 'pc'],
  default: 'q35',
} as const satisfies RunnerOption;

const CPU_MODEL = {
  name: 'cpuModel',
  what: 'the CPU as guests see it; default is host with KVM and max without',
  values: ['default', 'host', 'max', 'qemu64'],
  default: 'default',
} as const satisfies RunnerOption;

const HUGE_PAGES = {
  name: 'hugePages',
  what: "whether guests' memory comes from the host's pool of 2 MiB pages (vm.nr_hugepages)",
  values: [false, true],
  default: false,
} as const satisfies RunnerOption;

const IOTHREADS = {
  name: 'iothreads',
  what: "threads of the emulator for the guest's disk alone, on the guest's CPUs like all others",
  values: [0, 1],
  default: 0,
} as const satisfies RunnerOption;

const VHOST = {
  name: 'vhost',
  what: "whether the host's kernel moves packets (vhost-net); auto, as libvirt by itself: with KVM where the host can",
  values: ['auto', true, false],
  default: 'auto',
} as const satisfies RunnerOption;

const NIC = {
  name: 'nic',
  what: 'the network card; e1000e is emulated hardware, and needs a kernel with more drivers (linux-image-amd64)',
  values: ['virtio', 'e1000e'],
  default: 'virtio',
} as const satisfies RunnerOption;

const COMMON = [HUGE_PAGES, IOTHREADS, VHOST, NIC];
const LIBVIRT_CPU_MODEL = { ...CPU_MODEL, values: [...CPU_MODEL.values, 'host-model'] };

/** What can be chosen about a libvirt domain that boots from its own disk. */
export const SYSTEM_OPTIONS: readonly RunnerOption[] = [LIBVIRT_CPU_MODEL, ...COMMON];

/** What can be chosen about a directly booted libvirt domain. */
export const DIRECT_OPTIONS: readonly RunnerOption[] = [MACHINE, LIBVIRT_CPU_MODEL, ...COMMON];

/** What can be chosen about a guest of QEMU alone. */
export const QEMU_OPTIONS: readonly RunnerOption[] = [
  {
    ...MACHINE,
    what: `${MACHINE.what}, or with KVM microvm, which has neither`,
    values: ['q35', 'pc', 'microvm'],
  },
  CPU_MODEL,
  ...COMMON,
];

export function nicOf(context: { readonly options?: OptionValues }): Nic {
  return optionOf(context, NIC) === 'e1000e' ? 'e1000e' : 'virtio';
}

/** What the options say of guests' hardware, every choice that is left to the host made. */
export function hardwareOf(
  context: { readonly options?: OptionValues },
  accelerator: 'kvm' | 'tcg',
  facts: HardwareFacts,
): Hardware {
  const nic = nicOf(context);
  const vhost = optionOf(context, VHOST);
  return {
    machine: optionOf(context, MACHINE) as MachineType,
    cpuModel: optionOf(context, CPU_MODEL) as CpuModel,
    hugePages: optionOf(context, HUGE_PAGES) === true,
    iothreads: optionOf(context, IOTHREADS) === 1 ? 1 : 0,
    nic,
    vhost: vhost === 'auto' ? accelerator === 'kvm' && nic === 'virtio' && facts.vhostNet : vhost === true,
  };
}

/** Why guests of these options cannot run here; undefined where they can. */
export function optionsRefusal(
  context: { readonly options?: OptionValues },
  accelerator: 'kvm' | 'tcg',
  manager: Manager,
): HardwareRefusal | undefined {
  const facts = hardwareFacts();
  const byLibvirt = manager === 'libvirt';
  return hardwareRefusal(hardwareOf(context, accelerator, facts), accelerator, facts, { byLibvirt });
}

/** The hardware of guests that are prepared. @throws UnsupportedError with the code of the refusal. */
export function requireHardware(
  context: { readonly options?: OptionValues },
  accelerator: 'kvm' | 'tcg',
  manager: Manager,
  memoryBytes: number,
): Hardware {
  const facts = { ...hardwareFacts(), vhostNet: opensVhostNet() };
  const hardware = hardwareOf(context, accelerator, facts);
  const refusal = hardwareRefusal(hardware, accelerator, facts, { memoryBytes, byLibvirt: manager === 'libvirt' });
  if (refusal) throw new UnsupportedError(refusal.code, refusal.reason, { hint: refusal.hint });
  return hardware;
}

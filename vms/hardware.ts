/** Machines that QEMU emulates: `q35` with PCI Express, `pc` with PCI, `microvm` without either. */
export type MachineType = 'q35' | 'pc' | 'microvm';

/**
 * The CPU as a guest sees it. `default`: what the accelerator gives most of, i.e. `host` with KVM and `max` without; `host-model`: the
 * nearest model that libvirt knows; `qemu64`: the least that any x86-64 system runs on.
 */
export type CpuModel = 'default' | 'host' | 'max' | 'host-model' | 'qemu64';

export type Nic = 'virtio' | 'e1000e';

/** What can be chosen about a guest beside its size. */
export interface Hardware {
  readonly machine: MachineType;
  readonly cpuModel: CpuModel;
  /** Whether its memory comes from the host's pool of 2 MiB pages; all of it then, and at the start. */
  readonly hugePages: boolean;
  /** Threads of the emulator for its disks alone. */
  readonly iothreads: 0 | 1;
  readonly nic: Nic;
  /** Whether the host's kernel moves its packets (vhost-net), and not the emulator. */
  readonly vhost: boolean;
}

/** What guests are made of without a word. */
export const PLAIN_HARDWARE: Hardware = {
  machine: 'q35',
  cpuModel: 'default',
  hugePages: false,
  iothreads: 0,
  nic: 'virtio',
  vhost: false,
};

/** What the CPU model `default` stands for. */
export const DEFAULT_CPU_MODELS = { kvm: 'host', tcg: 'max' } as const;

export const HUGE_PAGE_BYTES = 2 * 2 ** 20;

/** What the host offers to guests' hardware. */
export interface HardwareFacts {
  /** 2 MiB pages of the host's pool that nobody has. */
  readonly freeHugePages: number;
  /** Whether a file system gives them out (hugetlbfs), which libvirt needs. */
  readonly hugePagesMounted: boolean;
  /** Whether /dev/vhost-net is there. */
  readonly vhostNet: boolean;
}

/** Why a guest's hardware cannot be had, and what to do about it. */
export interface HardwareRefusal {
  readonly code: 'OPTION_CONFLICT' | 'NO_HUGE_PAGES' | 'NO_VHOST';
  readonly reason: string;
  readonly hint: string;
}

function conflict(reason: string, hint: string): HardwareRefusal {
  return { code: 'OPTION_CONFLICT', reason, hint };
}

/** Choices that contradict each other or the accelerator. */
function conflictIn(hardware: Hardware, accelerator: 'kvm' | 'tcg'): HardwareRefusal | undefined {
  const { machine, cpuModel, nic, vhost } = hardware;
  if (accelerator === 'tcg' && machine === 'microvm') {
    return conflict(
      'an emulated microvm keeps a whole CPU busy even while it is idle, and may not find out how fast its clock is',
      'run it with KVM, or with machine: q35',
    );
  }
  if (accelerator === 'tcg' && (cpuModel === 'host' || cpuModel === 'host-model')) {
    return conflict(`there is no CPU model "${cpuModel}" without KVM`, 'cpuModel: max is all that emulation can do');
  }
  if (machine === 'microvm' && nic !== 'virtio') {
    return conflict(`a microvm has no PCI bus for an ${nic}`, 'nic: virtio');
  }
  if (vhost && nic !== 'virtio') {
    return conflict(`vhost-net is for virtio network cards, not for an ${nic}`, 'vhost: false');
  }
  if (vhost && accelerator === 'tcg') {
    return conflict('vhost-net is for guests on KVM', 'vhost: false, which is what emulated guests have');
  }
  return undefined;
}

/**
 * Why guests cannot have this hardware here; undefined where they can. Pure.
 * @param memoryBytes of one guest; not known yet when the host is asked in general.
 * @param byLibvirt whether libvirt runs them, which wants huge pages from a file system.
 */
export function hardwareRefusal(
  hardware: Hardware,
  accelerator: 'kvm' | 'tcg',
  facts: HardwareFacts,
  { memoryBytes = HUGE_PAGE_BYTES, byLibvirt }: { readonly memoryBytes?: number; readonly byLibvirt: boolean },
): HardwareRefusal | undefined {
  const found = conflictIn(hardware, accelerator);
  if (found) return found;
  if (hardware.vhost && !facts.vhostNet) {
    return { code: 'NO_VHOST', reason: 'there is no /dev/vhost-net', hint: 'modprobe vhost_net' };
  }
  if (!hardware.hugePages) return undefined;
  if (byLibvirt && !facts.hugePagesMounted) {
    const hint = 'mount -t hugetlbfs hugetlbfs /dev/hugepages, and restart libvirtd, which looks only when it starts';
    return { code: 'NO_HUGE_PAGES', reason: 'no hugetlbfs is mounted, from which libvirt takes huge pages', hint };
  }
  if (memoryBytes % HUGE_PAGE_BYTES !== 0) {
    return conflict(`${memoryBytes} bytes of memory are no whole number of huge pages`, 'give it a multiple of 2 MiB');
  }
  const wanted = memoryBytes / HUGE_PAGE_BYTES;
  if (facts.freeHugePages >= wanted) return undefined;
  const reason = `the host's pool has ${facts.freeHugePages} free pages of 2 MiB, and one guest takes at least ${wanted}`;
  return { code: 'NO_HUGE_PAGES', reason, hint: 'sysctl vm.nr_hugepages=N, with as many for every guest at once' };
}

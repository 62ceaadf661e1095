import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** What decides whether guests can run on KVM here. */
export interface AcceleratorFacts {
  /** The CPU's virtualisation; null where it has none or hides it. */
  readonly cpuFeature: 'vmx' | 'svm' | null;
  /** Whether this host is itself a guest: KVM here is then nested. */
  readonly nested: boolean;
  /** Loaded modules that serve KVM, e.g. `kvm`, `kvm_amd`. */
  readonly modules: readonly string[];
  /** `opens`, or the code of the error that opening /dev/kvm gave. */
  readonly device: string;
  readonly inContainer: boolean;
}

/** Why guests cannot run on KVM, and what to do about it. */
export interface Refusal {
  readonly code: 'NO_KVM_CPU' | 'NO_KVM_MODULE' | 'NO_KVM_DEVICE' | 'NO_KVM_PERMISSION';
  readonly reason: string;
  readonly hint: string;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kvmModules(root: string): readonly string[] {
  try {
    return readdirSync(`${root}/sys/module`).filter((name) => /^kvm(_|$)/.test(name));
  } catch {
    return [];
  }
}

function openDevice(path: string): string {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return 'opens';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  }
}

/** Reads the facts; never throws. @param root where the host's / is; for tests. */
export function accelerators(root = ''): AcceleratorFacts {
  const [, list = ''] = /^flags\s*:(.*)$/m.exec(readText(`${root}/proc/cpuinfo`)) ?? [];
  const flags = new Set(list.trim().split(/\s+/));
  const signs = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];
  return {
    cpuFeature: (['vmx', 'svm'] as const).find((flag) => flags.has(flag)) ?? null,
    nested: flags.has('hypervisor'),
    modules: kvmModules(root),
    device: openDevice(`${root}/dev/kvm`),
    // Hosts made from container images keep the signs; only a container has hidden the kernel's own thread 2.
    inContainer:
      readText(`${root}/proc/2/comm`).trim() !== 'kthreadd' && signs.some((path) => existsSync(`${root}${path}`)),
  };
}

/** What opens /dev/kvm to the group whose member libvirt's user is. */
export const OPEN_TO_LIBVIRT = 'chgrp kvm /dev/kvm && chmod 660 /dev/kvm';

/** Why guests cannot use a /dev/kvm that opens for tare. Pure. @param user what libvirt runs guests as. */
export function closedToGuests(user: string): Refusal {
  return {
    code: 'NO_KVM_PERMISSION',
    reason: `libvirt's user ${user} has no permission for /dev/kvm`,
    hint: `${OPEN_TO_LIBVIRT}; that user must be a member of the group`,
  };
}

/** Why KVM cannot be used; undefined where it can. Pure. */
export function kvmRefusal(facts: AcceleratorFacts): Refusal | undefined {
  const { cpuFeature, device, modules, inContainer, nested } = facts;
  if (cpuFeature === null) {
    // KVM without the CPU's help exists for paravirtual guests; ordinary kernels do not run on it.
    const opens = device === 'opens' ? `, although /dev/kvm opens (${modules.join(', ') || 'no module'})` : '';
    return {
      code: 'NO_KVM_CPU',
      reason: `the CPU shows neither vmx nor svm${opens}`,
      hint: nested
        ? 'this host is itself a virtual machine: have nested virtualisation switched on outside'
        : 'switch on virtualisation (VT-x, AMD-V) in the firmware',
    };
  }
  if (device === 'opens') return undefined;
  const container = { hint: 'start the container with --device /dev/kvm' };
  if (device === 'EACCES' || device === 'EPERM') {
    const hint = 'run tare as root, or add the user to the group kvm';
    const reason = `no permission for /dev/kvm${inContainer ? ' in this container' : ''}`;
    return { code: 'NO_KVM_PERMISSION', reason, hint, ...(inContainer ? container : {}) };
  }
  const module = cpuFeature === 'vmx' ? 'kvm_intel' : 'kvm_amd';
  if (!modules.includes(module)) {
    const where = inContainer ? 'outside of this container: ' : '';
    return {
      code: 'NO_KVM_MODULE',
      reason: `the kernel module ${module} is not loaded`,
      hint: `${where}modprobe ${module}`,
    };
  }
  const hint = `modprobe -r ${module}; modprobe ${module}; the kernel log (dmesg) may say more`;
  const reason = `/dev/kvm does not open (${device})${inContainer ? ' in this container' : ''}`;
  return { code: 'NO_KVM_DEVICE', reason, hint, ...(inContainer ? container : {}) };
}

import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { namesIn, readText } from '../../host/files.ts';
import { type Finding, ok, warn } from './check.ts';

/** What decides whether guests run on KVM here, and why not. */
export interface KvmFacts {
  /** `opens`, or the code of the error that opening /dev/kvm gave. */
  readonly device: string;
  /** The CPU feature that KVM uses; null where the CPU does not show it. */
  readonly cpuFeature: 'vmx' | 'svm' | null;
  /** Loaded modules that serve KVM. */
  readonly modules: readonly string[];
  /** Whether this host is itself a virtual machine. */
  readonly virtualised: boolean;
  /** Whether tare runs inside a container. */
  readonly container: boolean;
  readonly root: boolean;
}

function openResult(path: string): string {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return 'opens';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  }
}

/** @param root where the host's / is; for tests. */
export function kvmFacts(root = ''): KvmFacts {
  const flags = /^flags\s*: (.+)$/m.exec(readText(`${root}/proc/cpuinfo`) ?? '')?.[1]?.split(' ') ?? [];
  // Only a pid namespace of its own hides the kernel's thread 2; hosts made from container images keep the signs.
  const ownPids = readText(`${root}/proc/2/comm`)?.trim() !== 'kthreadd';
  const signs = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];
  return {
    device: openResult(`${root}/dev/kvm`),
    cpuFeature: (['vmx', 'svm'] as const).find((feature) => flags.includes(feature)) ?? null,
    modules: namesIn(`${root}/sys/module`).filter((name) => /^kvm(_|$)/.test(name)),
    virtualised: flags.includes('hypervisor'),
    container: ownPids && signs.some((path) => existsSync(root + path)),
    root: process.geteuid?.() === 0,
  };
}

/** A file's mode refuses with EACCES, a container's list of devices with EPERM. */
function notAllowed({ container, device, root }: KvmFacts): Finding {
  if (device === 'EACCES' && !root) {
    return warn(
      '/dev/kvm may not be used by this user',
      'run tare as root, or add the user to the group: usermod -aG kvm USER',
    );
  }
  if (container)
    return warn('/dev/kvm may not be used in this container', 'start the container with --device /dev/kvm');
  return warn('/dev/kvm may not be used', 'look for a device cgroup or a security module that forbids it');
}

function notThere({ container, cpuFeature, modules, virtualised }: KvmFacts): Finding {
  if (cpuFeature === null && virtualised) {
    return warn(
      'this machine is virtual, and its hypervisor offers it no KVM',
      'switch nested virtualisation on, outside; until then VMs run emulated',
    );
  }
  if (cpuFeature === null) {
    return warn(
      'the CPU shows neither vmx nor svm',
      'switch virtualisation on in the firmware set-up; until then VMs run emulated',
    );
  }
  const module = cpuFeature === 'vmx' ? 'kvm_intel' : 'kvm_amd';
  if (!modules.includes(module)) {
    const advice = container ? `outside of this container: modprobe ${module}` : `modprobe ${module}`;
    return warn(`the module ${module} is not loaded`, advice);
  }
  if (container) return warn('/dev/kvm is not in this container', 'start the container with --device /dev/kvm');
  return warn(`the module ${module} is loaded, but /dev/kvm is not there`, `modprobe -r ${module}; modprobe ${module}`);
}

/** Tells the ways apart in which KVM can be unavailable. Without it VMs still run, emulated. */
export function judgeKvm(facts: KvmFacts): Finding {
  const { device, cpuFeature, virtualised } = facts;
  if (device === 'opens') {
    if (cpuFeature === null) {
      const modules = facts.modules.join(', ') || 'no module';
      return warn(
        `/dev/kvm opens, but the CPU shows neither vmx nor svm (${modules})`,
        'ordinary kernels hang on such a KVM; VMs run emulated unless the hypervisor offers vmx or svm',
      );
    }
    return ok(
      virtualised ? `/dev/kvm opens (${cpuFeature}), nested in a virtual machine` : `/dev/kvm opens (${cpuFeature})`,
    );
  }
  if (device === 'EACCES' || device === 'EPERM') return notAllowed(facts);
  if (['ENOENT', 'ENXIO', 'ENODEV'].includes(device)) return notThere(facts);
  return warn(`/dev/kvm does not open: ${device}`, 'the kernel log (dmesg) may say why');
}

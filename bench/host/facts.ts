import { closeSync, constants, openSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { HostFacts } from '../model/manifest.ts';
import { cgroups } from './cgroups.ts';
import { parseOnlineCpus } from './counters.ts';
import { readText } from './files.ts';
import { frequencyPolicies, governors } from './frequency.ts';
import { existingPart, mountOf, parseMounts } from './mounts.ts';

/** The value of a field of /proc/cpuinfo's first processor. */
function cpuField(cpuinfo: string, name: string): string | null {
  return new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(cpuinfo)?.[1] ?? null;
}

/** PRETTY_NAME of /etc/os-release, quotes removed. */
export function distributionName(osRelease: string): string | null {
  return /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(osRelease)?.[2] ?? null;
}

/** Bytes of a field of /proc/meminfo; null where it is missing. */
export function memoryField(meminfo: string, name: string): number | null {
  const kib = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The choice in brackets of a file like transparent_hugepage/enabled. */
export function chosen(text: string): string | null {
  return /\[(\w+)\]/.exec(text)?.[1] ?? null;
}

/**
 * Whether this process may use /dev/kvm for ordinary guests. That the file is there says nothing; and where the CPU shows neither
 * vmx nor svm, what opens (kvm_pvm, say) runs only kernels made for it: others hang.
 */
function kvmWorks(root: string, flags: readonly string[]): boolean {
  if (!flags.includes('vmx') && !flags.includes('svm')) return false;
  try {
    closeSync(openSync(`${root}/dev/kvm`, constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}

function simultaneousThreads(root: string): boolean | null {
  const active = readText(`${root}/sys/devices/system/cpu/smt/active`)?.trim();
  return active === '1' || active === '0' ? active === '1' : null;
}

/**
 * What a reader needs to judge the numbers; starts no process.
 * @param stateDir absolute; need not exist yet. @param root where the host's / is; for tests.
 */
export async function hostFacts(stateDir: string, root = ''): Promise<HostFacts> {
  const read = (path: string) => readText(root + path) ?? '';
  const cpuinfo = read('/proc/cpuinfo');
  const flags = cpuField(cpuinfo, 'flags')?.split(' ') ?? [];
  const mounts = parseMounts(read('/proc/self/mountinfo'));
  return {
    kernel: read('/proc/sys/kernel/osrelease').trim() || 'unknown',
    distribution: distributionName(read('/etc/os-release')) ?? 'unknown',
    cpuModel: cpuField(cpuinfo, 'model name'),
    cpus: parseOnlineCpus(read('/proc/stat')) || cpus().length,
    memoryBytes: memoryField(read('/proc/meminfo'), 'MemTotal') ?? totalmem(),
    cgroup: cgroups(mounts, root).version,
    init: read('/proc/1/comm').trim() || 'unknown',
    virtualised: flags.includes('hypervisor'),
    kvm: kvmWorks(root, flags),
    governor: governors(frequencyPolicies(root)),
    smt: simultaneousThreads(root),
    stateFileSystem: mountOf(mounts, existingPart(stateDir))?.type ?? 'unknown',
  };
}

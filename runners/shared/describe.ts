import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { EffectiveLimits } from '../../bench/model/runner.ts';
import { WorkloadError } from '../../bench/errors.ts';
import { cgroupsOf, limitsOf } from './cgroups.ts';

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** `0-3,8` → [0, 1, 2, 3, 8]; null for what is no list of CPUs. */
export function parseCpuList(text: string): readonly number[] | null {
  const cpus: number[] = [];
  for (const part of text.trim().split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return null;
    for (let cpu = Number(first); cpu <= Number(last); cpu += 1) cpus.push(cpu);
  }
  return cpus;
}

/** A field of a /proc/PID/status text; null where it lacks it. */
export function statusField(status: string, name: string): string | null {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? null;
}

/** The choice in brackets, as in `always [madvise] never`. */
export function chosen(text: string | null): string | null {
  return /\[(\w+)\]/.exec(text ?? '')?.[1] ?? null;
}

/** `docker-default (enforce)` → `docker-default`; `unconfined` on a kernel without AppArmor. */
function apparmorLabel(pid: number): string | null {
  if (read('/sys/module/apparmor/parameters/enabled') !== 'Y') return 'unconfined';
  const path = `/proc/${pid}/attr/apparmor/current`;
  const label = read(existsSync(path) ? path : `/proc/${pid}/attr/current`);
  return label?.replace(/ \(\w+\)$/, '') ?? null;
}

/**
 * What the kernel really applies to a process on this host.
 * @param limited whether a cgroup of the instance's own limits it; otherwise the limits are null, whatever cgroup tare is in.
 * @throws WorkloadError `GONE` when the process has ended.
 */
export function describeProcess(pid: number, limited: boolean): EffectiveLimits {
  const status = read(`/proc/${pid}/status`);
  if (status === null) throw new WorkloadError('GONE', `process ${pid} has ended`);
  const seccomp = statusField(status, 'Seccomp');
  const limits = limited ? limitsOf(cgroupsOf(pid)) : { memoryBytes: null, swapBytes: null, cpuQuota: null };
  return {
    ...limits,
    cpus: parseCpuList(statusField(status, 'Cpus_allowed_list') ?? ''),
    seccomp: seccomp === null ? null : Number(seccomp),
    capabilities: statusField(status, 'CapEff'),
    apparmor: apparmorLabel(pid),
    vcpus: null,
    emulatorCpus: null,
    diskCache: null,
    accelerator: 'none',
    // The instance shares the host's kernel: that is what makes it a container.
    kernel: release(),
    hugePages: chosen(read('/sys/kernel/mm/transparent_hugepage/enabled')),
  };
}

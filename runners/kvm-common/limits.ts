import { z } from 'zod';
import { INSIDE } from '../../bench/model/image.ts';
import type { EffectiveLimits, ExecOptions, ExecResult } from '../../bench/model/runner.ts';
import type { QemuProcess, QemuThread } from '../../vms/qemu-process.ts';
import type { Domain } from './hypervisor.ts';

const kvmSchema = z.object({ enabled: z.boolean(), present: z.boolean() });
const memorySchema = z.object({ 'base-memory': z.number(), 'plugged-memory': z.number().optional() });
const blocksSchema = z.array(
  z.object({
    inserted: z.object({ cache: z.object({ writeback: z.boolean(), direct: z.boolean() }) }).optional(),
  }),
);

/**
 * Asked inside, each answer on a line of its own with its name. What is said of a process is the entry point's, as for
 * containers, whatever the guest's init is.
 */
const QUESTIONS = [
  'echo kernel $(uname -r)',
  `entry=$(find /proc -maxdepth 2 -name exe -lname ${INSIDE.probe} 2>/dev/null | head -n 1)`,
  'entry=${entry%/exe}',
  `sed -n 's/^Seccomp:/seccomp/p; s/^CapEff:/capabilities/p' "$entry/status"`,
  'echo apparmor $(cat "$entry/attr/current" 2>/dev/null)',
  'echo hugePages $(cat /sys/kernel/mm/transparent_hugepage/enabled)',
  "sed -n 's/^SwapTotal:/swapKib/p' /proc/meminfo",
].join('; ');

const TIMEOUT_MS = 30_000;

/** Whether the emulator itself says that it runs on KVM. @throws ParseError. */
export async function runsOnKvm(domain: Domain): Promise<boolean> {
  const { enabled, present } = kvmSchema.parse(await domain.monitor('query-kvm'));
  return enabled && present;
}

/** The union of the CPUs that these threads may use; null where there are none. */
export function cpusOf(threads: readonly Pick<QemuThread, 'name' | 'cpus'>[]): readonly number[] | null {
  if (threads.length === 0) return null;
  return [...new Set(threads.flatMap((thread) => thread.cpus))].toSorted((a, b) => a - b);
}

/** One named answer out of what a hostile guest printed; null where it does not have the form that it must have. */
function answer(text: string, name: string, form: RegExp): string | null {
  const [, value = ''] = new RegExp(`^${name}[ \\t]+(.*)$`, 'm').exec(text) ?? [];
  return form.exec(value.trim())?.[1] ?? null;
}

/** The part of the limits that only the guest knows. */
export function readAnswers(
  stdout: string,
): Pick<EffectiveLimits, 'kernel' | 'seccomp' | 'capabilities' | 'apparmor' | 'hugePages' | 'swapBytes'> {
  const seccomp = answer(stdout, 'seccomp', /^([012])$/);
  const swap = answer(stdout, 'swapKib', /^(\d{1,12}) kB$/);
  return {
    kernel: answer(stdout, 'kernel', /^([\w.+~-]{1,64})$/),
    seccomp: seccomp === null ? null : Number(seccomp),
    capabilities: answer(stdout, 'capabilities', /^([0-9a-f]{16})$/),
    apparmor: answer(stdout, 'apparmor', /^([\w./() -]{1,128})$/),
    hugePages: answer(stdout, 'hugePages', /\[(\w{1,16})\]/),
    swapBytes: swap === null ? null : Number(swap) * 1024,
  };
}

/** The cache mode of the first disk as the emulator works, in libvirt's words. */
function cacheMode(blocks: unknown): string | null {
  const cache = blocksSchema.parse(blocks).find((block) => block.inserted)?.inserted?.cache;
  if (cache === undefined) return null;
  if (cache.direct) return cache.writeback ? 'none' : 'directsync';
  return cache.writeback ? 'writeback' : 'writethrough';
}

/** What a running guest really got: from the emulator's threads, its monitor, the live domain, and from inside. */
export async function describeGuest(
  domain: Domain,
  qemu: QemuProcess,
  exec: (argv: readonly string[], options: ExecOptions) => Promise<ExecResult>,
): Promise<EffectiveLimits> {
  const [vcpus, kvm, memory, blocks, inside] = await Promise.all([
    domain.vcpus(),
    runsOnKvm(domain),
    domain.monitor('query-memory-size-summary'),
    domain.monitor('query-block'),
    exec(['/bin/sh', '-c', QUESTIONS], { timeoutMs: TIMEOUT_MS, maxBytes: 16_384 }),
  ]);
  const threads = qemu.threads();
  const isVcpu = (thread: QemuThread) => /^CPU \d+\//.test(thread.name);
  const { 'base-memory': base, 'plugged-memory': plugged = 0 } = memorySchema.parse(memory);
  return {
    ...readAnswers(inside.stdout),
    cpus: cpusOf(threads.filter(isVcpu)),
    memoryBytes: base + plugged,
    cpuQuota: null,
    vcpus,
    emulatorCpus: cpusOf(threads.filter((thread) => !isVcpu(thread))),
    diskCache: cacheMode(blocks),
    accelerator: kvm ? 'kvm' : 'tcg',
  };
}

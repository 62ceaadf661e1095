import { basename } from 'node:path';
import { codeOf, messageOf, TareError } from '../../bench/errors.ts';
import { unreachableParent } from '../../bench/image/reach.ts';
import type { DesignedDifference, HostContext, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { accelerators, closedToGuests, kvmRefusal, type Refusal } from '../../vms/accel.ts';
import { userWithoutKvm } from '../../vms/emulator-user.ts';
import { offers, versions } from '../../vms/virsh.ts';

type Unsupported = Extract<Support, { ok: false }>;

/** Programs that probe, prepare or start call for any guest, beside virsh itself. */
export const GUEST_PROGRAMS = [
  ...['qemu-system-x86_64', 'qemu-img', 'mkfs.ext4', 'mmdebstrap', 'musl-gcc', 'cp', 'mkfifo', 'sync'],
  ...['setpriv', 'unshare', 'ip'],
] as const;

/** What a guest with a kernel of its own cannot have in common with containers; `booted` says how it came by it. */
export function designedDifferences(booted: string): readonly DesignedDifference[] {
  return [
    { limit: 'kernel', why: `a guest runs a kernel of its own, ${booted}` },
    { limit: 'seccomp', why: 'the guest kernel is the boundary; inside it nothing is filtered' },
    { limit: 'capabilities', why: 'the guest kernel is the boundary; inside it root is root' },
    { limit: 'apparmor', why: "a profile of the host confines the emulator, not the guest's processes" },
    { limit: 'hugePages', why: "the guest's own kernel decides for its processes" },
  ];
}

async function missingProgram(programs: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const { stdout } = await exec(['which', ...programs], { signal, accept: 'any' });
  const found = new Set(stdout.split('\n').map((path) => basename(path)));
  return programs.find((program) => !found.has(program));
}

async function guestsRefusal(signal: AbortSignal): Promise<Refusal | undefined> {
  const user = await userWithoutKvm(signal);
  return user === undefined ? undefined : closedToGuests(user);
}

/**
 * The accelerator that guests get here: what was asked for, or KVM where it works.
 * @returns the reason where KVM was asked for and cannot be had.
 */
export async function chooseAccelerator(
  accel: HostContext['accel'],
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly accelerator: 'kvm' | 'tcg' } | Unsupported> {
  if (accel === 'tcg') return { ok: true, accelerator: 'tcg' };
  const refusal = kvmRefusal(accelerators()) ?? (await guestsRefusal(signal));
  if (refusal === undefined && (await offers('kvm', signal))) return { ok: true, accelerator: 'kvm' };
  if (accel === 'auto') return { ok: true, accelerator: 'tcg' };
  if (refusal) return { ok: false, ...refusal };
  const reason = '/dev/kvm opens, but libvirt offers no KVM guests';
  return {
    ok: false,
    code: 'NO_KVM_LIBVIRT',
    reason,
    hint: 'restart libvirtd: it looked before the module was loaded',
  };
}

function refuse(error: unknown): Unsupported {
  const hint = (error instanceof TareError ? error.hint : undefined) ?? 'try: virsh -c qemu:///system version';
  return { ok: false, code: codeOf(error), reason: messageOf(error), hint };
}

/** What one kind of guest is called, with KVM and without. */
export interface GuestNames {
  readonly as: Readonly<Record<'kvm' | 'tcg', string>>;
  /** How it boots, as people read it. */
  readonly boot: string;
  readonly designed: readonly DesignedDifference[];
}

/** Emulation never passes for KVM, nor KVM inside a virtual machine for the bare metal's. */
function titleOf(accelerator: 'kvm' | 'tcg', nested: boolean): string {
  if (accelerator === 'tcg') return 'QEMU TCG (emulated, not KVM)';
  return nested ? 'KVM, nested' : 'KVM';
}

/** Says what guests would run on here, or what keeps them from running. Changes nothing. */
export async function probeGuests(
  host: HostContext,
  programs: readonly string[],
  { as, boot, designed }: GuestNames,
): Promise<Support> {
  const { signal, stateDir } = host;
  try {
    const program = await missingProgram(programs, signal);
    if (program !== undefined) {
      return { ok: false, code: 'TOOL_MISSING', reason: `${program} is not installed`, hint: packageOf(program) };
    }
    const closed = unreachableParent(stateDir);
    if (closed !== undefined) {
      const reason = `libvirt's user cannot reach ${stateDir}: others may not pass through ${closed}`;
      const hint = `chmod o+x ${closed}, or use another folder with --state`;
      return { ok: false, code: 'STATE_UNREACHABLE', reason, hint };
    }
    const programVersions = await versions(signal);
    const choice = await chooseAccelerator(host.accel, signal);
    if (!choice.ok) return choice;
    const { accelerator } = choice;
    const { nested } = accelerators();
    return {
      ok: true,
      as: as[accelerator],
      title: `${titleOf(accelerator, nested)}, ${boot}`,
      capabilities: {
        isolation: 'vm',
        accelerator,
        marks: ['launched', 'api', 'kernel', 'init', 'exec', 'ready', 'reachable'],
        designed,
        nested,
      },
      versions: programVersions,
    };
  } catch (error) {
    signal.throwIfAborted();
    return refuse(error);
  }
}

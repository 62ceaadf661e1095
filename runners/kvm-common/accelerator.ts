import { basename } from 'node:path';
import { codeOf, messageOf, TareError } from '../../bench/errors.ts';
import { unreachableParent } from '../../bench/image/reach.ts';
import type { DesignedDifference, HostContext, Support } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { accelerators, closedToGuests, kvmRefusal, type Refusal } from '../../vms/accel.ts';
import { userWithoutKvm } from '../../vms/emulator-user.ts';
import { qemuVersions } from '../../vms/qemu-program.ts';
import { offers, versions } from '../../vms/virsh.ts';
import type { Manager } from './manager.ts';
import { optionsRefusal } from './options.ts';

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

/** QEMU alone opens /dev/kvm before it gives up its rights; libvirt's user must be able to. */
async function guestsRefusal(manager: Manager, signal: AbortSignal): Promise<Refusal | undefined> {
  const user = manager === 'qemu' ? undefined : await userWithoutKvm(signal);
  return user === undefined ? undefined : closedToGuests(user);
}

/** Whether the manager finds KVM where tare does. */
async function offersKvm(manager: Manager, signal: AbortSignal): Promise<boolean> {
  return manager === 'qemu' || (await offers('kvm', signal));
}

/**
 * The accelerator that guests get here: what was asked for, or KVM where it works.
 * @returns the reason where KVM was asked for and cannot be had.
 */
export async function chooseAccelerator(
  accel: HostContext['accel'],
  signal: AbortSignal,
  manager: Manager = 'libvirt',
): Promise<{ readonly ok: true; readonly accelerator: 'kvm' | 'tcg' } | Unsupported> {
  if (accel === 'tcg') return { ok: true, accelerator: 'tcg' };
  const refusal = kvmRefusal(accelerators()) ?? (await guestsRefusal(manager, signal));
  if (refusal === undefined && (await offersKvm(manager, signal))) return { ok: true, accelerator: 'kvm' };
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

/** What a manager needs to be asked whether guests can run. */
interface ManagerFacts {
  /** How it is called in a title, after the accelerator. */
  readonly title: string;
  /** What people try where it does not say what is wrong. */
  readonly hint: string;
  versions(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

const MANAGERS: Readonly<Record<Manager, ManagerFacts>> = {
  libvirt: { title: '', hint: 'try: virsh -c qemu:///system version', versions },
  qemu: { title: ' without libvirt', hint: 'try: qemu-system-x86_64 --version', versions: qemuVersions },
};

function refuse(error: unknown, manager: Manager): Unsupported {
  const hint = (error instanceof TareError ? error.hint : undefined) ?? MANAGERS[manager].hint;
  return { ok: false, code: codeOf(error), reason: messageOf(error), hint };
}

function stateRefusal(stateDir: string): Unsupported | undefined {
  const closed = unreachableParent(stateDir);
  if (closed === undefined) return undefined;
  const reason = `libvirt's user cannot reach ${stateDir}: others may not pass through ${closed}`;
  const hint = `chmod o+x ${closed}, or use another folder with --state`;
  return { ok: false, code: 'STATE_UNREACHABLE', reason, hint };
}

/** What one kind of guest is called, with KVM and without, and who runs it. */
export interface GuestNames {
  /** Default: libvirt. */
  readonly manager?: Manager;
  readonly as: Readonly<Record<'kvm' | 'tcg', string>>;
  /** How it boots, as people read it. */
  readonly boot: string;
  readonly designed: readonly DesignedDifference[];
}

/** Emulation never passes for KVM, nor KVM inside a virtual machine for the bare metal's. */
function titleOf(accelerator: 'kvm' | 'tcg', nested: boolean, manager: Manager): string {
  const { title } = MANAGERS[manager];
  if (accelerator === 'tcg') return `QEMU TCG${title} (emulated, not KVM)`;
  return `KVM${title}${nested ? ', nested' : ''}`;
}

/** Says what guests would run on here, or what keeps them from running. Changes nothing. */
export async function probeGuests(
  host: HostContext,
  programs: readonly string[],
  { manager = 'libvirt', as, boot, designed }: GuestNames,
): Promise<Support> {
  const { signal, stateDir } = host;
  try {
    const program = await missingProgram(programs, signal);
    if (program !== undefined) {
      return { ok: false, code: 'TOOL_MISSING', reason: `${program} is not installed`, hint: packageOf(program) };
    }
    const closed = manager === 'libvirt' ? stateRefusal(stateDir) : undefined;
    if (closed) return closed;
    const programVersions = await MANAGERS[manager].versions(signal);
    const choice = await chooseAccelerator(host.accel, signal, manager);
    if (!choice.ok) return choice;
    const { accelerator } = choice;
    const refusal = optionsRefusal(host, accelerator, manager);
    if (refusal) return { ok: false, ...refusal };
    const { nested } = accelerators();
    return {
      ok: true,
      as: as[accelerator],
      title: `${titleOf(accelerator, nested, manager)}, ${boot}`,
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
    return refuse(error, manager);
  }
}

import { CommandError, ParseError, ResourceError, messageOf } from '../bench/errors.ts';
import { type CommandOptions, type CommandResult, exec } from '../bench/proc/exec.ts';
import { OWNER_NAMESPACE, readOwnerTag } from './domain-xml.ts';

const VIRSH = ['virsh', '--quiet', '--connect', 'qemu:///system'] as const;
const TIMEOUT_MS = 3 * 60_000;

/** What a failed program wrote to stderr; nothing for any other error. */
export function stderrOf(error: unknown): string {
  const stderr = error instanceof CommandError ? error.details['stderr'] : undefined;
  return typeof stderr === 'string' ? stderr : '';
}

/** Whether a call failed because there is no such domain, or none that runs. */
export function isAbsent(error: unknown): boolean {
  return /failed to get domain|Domain not found|no domain with matching|domain is not running/i.test(stderrOf(error));
}

/**
 * One call of virsh.
 * @throws ResourceError `SERVICE_DOWN` where libvirt does not answer; otherwise as exec().
 */
export async function virsh(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  try {
    return await exec([...VIRSH, ...args], { timeoutMs: TIMEOUT_MS, ...options });
  } catch (error) {
    if (!/failed to connect to the hypervisor|error: cannot connect/i.test(stderrOf(error))) throw error;
    throw new ResourceError('SERVICE_DOWN', 'libvirt does not answer on qemu:///system', {
      hint: 'start it: systemctl start libvirtd, or without systemd: virtlogd -d; libvirtd -d',
      cause: error,
    });
  }
}

/** Versions of libvirt and of the QEMU that it uses. @throws ParseError `VIRSH_VERSION`. */
export async function versions(signal: AbortSignal): Promise<{ readonly libvirt: string; readonly qemu: string }> {
  const { stdout } = await virsh(['version'], { signal });
  const libvirt = /Using library: libvirt (\S+)/.exec(stdout)?.[1];
  const qemu = /Running hypervisor: QEMU (\S+)/.exec(stdout)?.[1];
  if (libvirt !== undefined && qemu !== undefined) return { libvirt, qemu };
  throw new ParseError('VIRSH_VERSION', 'virsh does not say which libvirt and QEMU it uses');
}

/** Whether libvirt would run q35 guests on this accelerator. */
export async function offers(accelerator: 'kvm' | 'tcg', signal: AbortSignal): Promise<boolean> {
  const type = accelerator === 'kvm' ? 'kvm' : 'qemu';
  const args = ['domcapabilities', '--virttype', type, '--arch', 'x86_64', '--machine', 'q35'];
  const { exitCode } = await virsh(args, { signal, accept: 'any' });
  return exitCode === 0;
}

/** Starts a domain that leaves no trace in libvirt when it ends. Not interruptible: libvirtd would go on all the same. */
export async function createDomain(xmlPath: string): Promise<CommandResult> {
  return await virsh(['create', xmlPath]);
}

async function tolerantly(args: readonly string[]): Promise<void> {
  try {
    await virsh(args);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Ends a domain at once; one that is gone is fine. */
export async function destroyDomain(name: string): Promise<void> {
  await tolerantly(['destroy', name]);
}

/** Takes a definition out of libvirt, with the firmware's variables that belong to it; none is fine. */
export async function undefineDomain(name: string): Promise<void> {
  await tolerantly(['undefine', name, '--nvram']);
}

/** Presses the power button. */
export async function pressPowerButton(name: string): Promise<void> {
  await tolerantly(['shutdown', name, '--mode', 'acpi']);
}

/** Names of all domains, running or only defined. */
export async function listDomains(signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await virsh(['list', '--all', '--name'], { signal });
  return stdout.split('\n').filter((name) => name !== '');
}

/** The tag of the run that made a domain; null where the domain is gone or none of tare's. */
export async function ownerTagOf(name: string, signal: AbortSignal): Promise<string | null> {
  try {
    return readOwnerTag((await virsh(['metadata', name, OWNER_NAMESPACE], { signal })).stdout);
  } catch (error) {
    if (isAbsent(error) || /metadata not found/i.test(stderrOf(error))) return null;
    throw error;
  }
}

/** A running domain's XML, without secrets. */
export async function liveXml(name: string): Promise<string> {
  return (await virsh(['dumpxml', name])).stdout;
}

/** One QMP command's answer. @throws ParseError `QMP_ANSWER`. */
export async function monitor(name: string, command: string): Promise<unknown> {
  const { stdout } = await virsh(['qemu-monitor-command', name, '--cmd', JSON.stringify({ execute: command })]);
  try {
    return (JSON.parse(stdout) as { return: unknown }).return;
  } catch (error) {
    throw new ParseError('QMP_ANSWER', `QEMU's answer to ${command} is no JSON: ${messageOf(error)}`, { cause: error });
  }
}

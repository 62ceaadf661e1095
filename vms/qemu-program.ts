import { readFileSync } from 'node:fs';
import { ParseError } from '../bench/errors.ts';
import { exec } from '../bench/proc/exec.ts';

export const QEMU = 'qemu-system-x86_64';

/** Users that distributions keep for guests' emulators, in the order of preference; the last one is on every system. */
const USERS = ['libvirt-qemu', 'qemu', 'nobody'] as const;

/** The version in what `--version` prints, e.g. `7.2.22`. Pure. @throws ParseError `QEMU_VERSION`. */
export function parseQemuVersion(text: string): string {
  const [, version] = /^QEMU emulator version (\d+\.\d+\S*)/m.exec(text) ?? [];
  if (version !== undefined) return version;
  throw new ParseError('QEMU_VERSION', `${QEMU} does not say which version it is`);
}

/** The version of QEMU, by its name. @throws ParseError `QEMU_VERSION`; as exec(). */
export async function qemuVersions(signal: AbortSignal): Promise<{ readonly qemu: string }> {
  return { qemu: parseQemuVersion((await exec([QEMU, '--version'], { signal })).stdout) };
}

/**
 * The arguments with which QEMU becomes a user once it has opened everything: newer ones have another option for it. Pure.
 * @param help what `-help` prints.
 */
export function becoming(user: string, help: string): readonly string[] {
  return /^-run-with .*user=/m.test(help) ? ['-run-with', `user=${user}`] : ['-runas', user];
}

/** Whom emulators are to become: libvirt's user for them where there is one. Pure. @param passwd /etc/passwd. */
export function emulatorUserIn(passwd: string): (typeof USERS)[number] {
  const names = new Set(passwd.split('\n').map((line) => line.split(':')[0]));
  return USERS.find((name) => names.has(name)) ?? 'nobody';
}

/** The arguments with which QEMU gives up root's rights here. @throws as exec(). */
export async function confinement(signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await exec([QEMU, '-help'], { signal });
  return becoming(emulatorUserIn(readFileSync('/etc/passwd', 'utf8')), stdout);
}

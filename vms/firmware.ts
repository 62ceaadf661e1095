import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { codeOf } from '../bench/errors.ts';
import { exec } from '../bench/proc/exec.ts';

/** What a guest's machine begins with: QEMU's own BIOS, or UEFI. */
export type Firmware = 'seabios' | 'ovmf';

/**
 * Debian's package of UEFI for guests. The template has no keys in it, so that Secure Boot is off, and this build of the code does without
 * system management mode.
 */
export const OVMF = {
  package: 'ovmf',
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  template: '/usr/share/OVMF/OVMF_VARS_4M.fd',
} as const;

/** The first of a firmware's files that is not there; QEMU brings its BIOS itself. */
export function missingFile(firmware: Firmware): string | undefined {
  return firmware === 'ovmf' ? [OVMF.code, OVMF.template].find((path) => !existsSync(path)) : undefined;
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** What decides how a machine with OVMF starts: SHA-256 of its two files. @throws the system's error where one is not there. */
export async function ovmfIdentity(): Promise<Readonly<Record<'code' | 'template', string>>> {
  return { code: await hashOf(OVMF.code), template: await hashOf(OVMF.template) };
}

/** The version of the Debian package that a firmware comes from, which has its name; undefined where dpkg knows of none. */
async function packageVersion(name: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const argv = ['dpkg-query', '--show', '--showformat=${db:Status-Status} ${Version}', name];
    const { stdout } = await exec(argv, { signal, accept: 'any' });
    return /^installed (\S+)$/.exec(stdout)?.[1];
  } catch (error) {
    if (codeOf(error) === 'TOOL_MISSING') return undefined;
    throw error;
  }
}

/** A firmware's version by its name: of its package, otherwise what its bytes are; nothing of a BIOS that no package brought. */
export async function firmwareVersion(
  firmware: Firmware,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const version = await packageVersion(firmware, signal);
  if (version !== undefined) return { [firmware]: version };
  return firmware === 'ovmf' ? { ovmf: `sha256:${(await hashOf(OVMF.code)).slice(0, 12)}` } : {};
}

import { existsSync } from 'node:fs';
import { exec } from '../bench/proc/exec.ts';
import { virsh } from './virsh.ts';

const DEVICE = '/dev/kvm';

/** The user that libvirt runs guests' emulators as; undefined where it says of none. */
async function emulatorUser(signal: AbortSignal): Promise<{ readonly uid: string; readonly gid: string } | undefined> {
  const { stdout } = await virsh(['capabilities'], { signal });
  const [, uid, gid] = /<baselabel type='kvm'>\+(\d+):\+(\d+)<\/baselabel>/.exec(stdout) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/**
 * The user that /dev/kvm is closed to although it is there: libvirt's own. Undefined where that can open it, where it cannot be told
 * without being root, and where there is no such device. Beside keeping guests from KVM, it makes libvirt examine QEMU anew at every
 * call. @throws as virsh().
 */
export async function userWithoutKvm(signal: AbortSignal): Promise<string | undefined> {
  if (process.geteuid?.() !== 0 || !existsSync(DEVICE)) return undefined;
  const user = await emulatorUser(signal);
  if (user === undefined) return undefined;
  const { uid, gid } = user;
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups'];
  const { exitCode, stderr } = await exec([...asUser, 'test', '-r', DEVICE, '-a', '-w', DEVICE], {
    signal,
    accept: 'any',
  });
  // With words of its own, setpriv says that it could not become the user.
  return exitCode === 1 && stderr === '' ? uid : undefined;
}

import { join } from 'node:path';
import { exec } from '../../bench/proc/exec.ts';
import type { SystemDisk } from '../system/disk.ts';

export interface RigOptions {
  readonly system: SystemDisk;
  /** The second disk; what is written to it stays. */
  readonly work: string;
  /** An empty folder: the system's own writes, which are thrown away, and the console. */
  readonly folder: string;
  readonly memoryMebibytes: number;
  readonly cpus: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Everything that can be emulated, SVM above all, without protection keys: V8 would use them, and stumbles over the emulated ones. */
const CPU = 'max,-pku';

/** Where the console of a boot in this folder is written to, as it comes. */
export function consoleOf(folder: string): string {
  return join(folder, 'console.log');
}

/**
 * Boots the rig under emulation with a CPU that has AMD's virtualisation, so that KVM works inside, and waits until it has
 * switched itself off. No network, no screen; it ends with the process that called.
 * @throws CommandError `COMMAND_TIMEOUT`, `COMMAND_FAILED`; InterruptedError.
 */
export async function bootRig(options: RigOptions): Promise<void> {
  const { system, work, folder, memoryMebibytes, cpus, timeoutMs, signal } = options;
  const overlay = join(folder, 'system.qcow2');
  await exec(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', system.path, overlay], { signal });
  const drive = (file: string, format: string) => `file=${file},format=${format},if=virtio,cache=unsafe,discard=unmap`;
  await exec(
    [
      ...['setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64', '-machine', 'q35', '-cpu', CPU],
      ...['-accel', 'tcg,thread=multi,tb-size=1024', '-smp', String(cpus), '-m', String(memoryMebibytes)],
      ...['-drive', drive(overlay, 'qcow2'), '-drive', drive(work, 'raw'), '-device', 'virtio-rng-pci'],
      ...['-nic', 'none', '-display', 'none', '-monitor', 'none', '-no-reboot'],
      ...['-chardev', `file,id=console,path=${consoleOf(folder)}`, '-serial', 'chardev:console'],
    ],
    { signal, timeoutMs },
  );
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Captured hosts, by name. */
export const CAPTURED = join(import.meta.dirname, '../../fixtures/host');

/** A root folder with these files in it, removed when disposed. */
export function hostTree(files: Readonly<Record<string, string>>): Disposable & { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), 'tare-host-tree-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A line of /proc/PID/stat with the fields that tare reads set, in the form of the captured one. */
export function statLine(process: {
  readonly pid: number;
  readonly comm: string;
  readonly ppid?: number;
  readonly utime?: number;
  readonly stime?: number;
  readonly cutime?: number;
  readonly cstime?: number;
  readonly startTime?: number;
}): string {
  const { pid, comm, ppid = 1, utime = 0, stime = 0, cutime = 0, cstime = 0, startTime = 50 } = process;
  const times = `${utime} ${stime} ${cutime} ${cstime}`;
  return `${pid} (${comm}) S ${ppid} 1 1 0 -1 4194560 4337 23439 183 147 ${times} 20 0 1 0 ${startTime} 171184128 2934\n`;
}

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { exec } from '../proc/exec.ts';

/** Makes a folder and its missing parents, each of mode 0755 whatever the umask; what is there stays as it is. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}

/** Removes a folder of ours and never anything that is mounted below it; one that is gone is fine. */
export async function removeFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await exec(['rm', '--recursive', '--force', '--one-file-system', '--', folder]);
}

import { writeFileSync } from 'node:fs';
import { exec } from '../proc/exec.ts';

export const DROP_CACHES = '/proc/sys/vm/drop_caches';

/** Writes out what is not on disk yet, and forgets what every process of this host has read: page cache, names and inodes. */
export async function dropCaches(signal: AbortSignal): Promise<void> {
  await exec(['sync'], { signal });
  writeFileSync(DROP_CACHES, '3');
}

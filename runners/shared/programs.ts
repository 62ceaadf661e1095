import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where `exec` looks: its children get exactly this PATH. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Where a program is; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return PATH.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function hasProgram(name: string): boolean {
  return findProgram(name) !== undefined;
}

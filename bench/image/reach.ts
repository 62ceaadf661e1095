import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS_EXECUTE = 0o001;

/** The nearest existing folder on the way to a path, symlinks resolved. */
function existingPart(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return existingPart(dirname(path));
  }
}

/**
 * The first folder, from the root on, that keeps other users from the path, e.g. a home of mode 0700: libvirt's own user
 * could not open a disk below it. Undefined where the way is open; what does not exist yet is no obstacle.
 * @param path absolute.
 */
export function unreachableParent(path: string): string | undefined {
  const folders: string[] = [];
  for (let folder = existingPart(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  return folders.find((folder) => {
    const stats = statSync(folder);
    return stats.isDirectory() && (stats.mode & OTHERS_EXECUTE) === 0;
  });
}

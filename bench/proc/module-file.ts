import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The file of another of tare's modules, which is to run as a program of its own: TypeScript in a clone of the repository, the
 * compiled one in a package.
 * @param path relative to `from` (an `import.meta.url`), without its extension.
 */
export function moduleFile(from: string, path: string): string {
  return fileURLToPath(new URL(`${path}${extname(from)}`, from));
}

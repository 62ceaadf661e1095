import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** chart.js for a script element, comments about its own files removed: nothing may make a browser ask for another file. */
export function chartLibrary(): string {
  const entry = createRequire(import.meta.url).resolve('chart.js');
  const source = readFileSync(join(dirname(entry), 'chart.umd.min.js'), 'utf8');
  return source.replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '').trimEnd();
}

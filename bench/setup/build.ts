/**
 * Makes dist/: the modules compiled, since Node strips no types below node_modules, and beside them whatever is read while tare
 * runs, so that every path relative to a module is the same as in the repository.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const FOLDERS = ['bench', 'runners', 'vms', 'reports'];

/** Shell scripts of a clone: a package is set up by npm. */
const SETUP = 'bench/setup';

/** Its sources go into images as they are: the same bytes from a package as from a clone. */
const SUITE = 'bench/workloads/suite';

function isReadAtRunTime(path: string): boolean {
  const name = relative(ROOT, path);
  if (name === SETUP) return false;
  return extname(name) !== '.ts' || name.startsWith(`${SUITE}/`);
}

rmSync(DIST, { recursive: true, force: true });
execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', join(ROOT, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
for (const folder of FOLDERS) {
  cpSync(join(ROOT, folder), join(DIST, folder), { recursive: true, filter: isReadAtRunTime });
}
chmodSync(join(DIST, 'bench/main.js'), 0o755);

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

/** Starts the command line as a user would; `reject` is off, so that exit codes can be looked at. */
export function tare(args: readonly string[]) {
  return execa(process.execPath, [MAIN, ...args], { reject: false, all: true, forceKillAfterDelay: false });
}

/** The only bundle in a folder. */
export function onlyBundle(out: string): string {
  const names = readdirSync(out);
  if (names.length !== 1 || names[0] === undefined) throw new RangeError(`${names.length} bundles in ${out}`);
  return join(out, names[0]);
}

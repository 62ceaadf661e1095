import { readdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { execa } from 'execa';

export const PROJECT = resolve(import.meta.dirname, '../..');

/** npm on the Node that it came with: Debian's finds its own modules with no other. */
function pathOfHost(): string {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !resolve(folder).startsWith(PROJECT))
    .join(delimiter);
}

/** Runs npm in a folder; it starts no script of a package. Throws where it fails. */
export async function npm(folder: string, ...words: readonly string[]): Promise<void> {
  const quiet = ['--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  await execa('npm', [...words, ...quiet], { cwd: folder, env: { PATH: pathOfHost() } });
}

/** Packs the package in a folder, as npm publishes it. Returns the tarball's path. */
export async function pack(folder: string, destination: string): Promise<string> {
  const before = new Set(readdirSync(destination));
  await npm(folder, 'pack', '--pack-destination', destination);
  const made = readdirSync(destination).filter((name) => !before.has(name));
  if (made.length !== 1 || made[0] === undefined) throw new RangeError(`npm pack made ${made.length} files`);
  return join(destination, made[0]);
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NONE, type Counts, countTap } from './summary/tap.ts';
import { Readable } from 'node:stream';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AVA = fileURLToPath(new URL('../../node_modules/ava/entrypoints/cli.js', import.meta.url));

/** Leaves only the hierarchies of version 1 in sight, moved to a folder that has no place for another. */
const VERSION_1_ALONE = [
  'mount -t tmpfs cgroup /mnt',
  'for path in /sys/fs/cgroup/*; do',
  '  if [ "$path" != /sys/fs/cgroup/unified ] && mountpoint -q "$path"; then',
  '    mkdir "/mnt/${path##*/}" && mount --move "$path" "/mnt/${path##*/}"',
  '  fi',
  'done',
  'mount --move /mnt /sys/fs/cgroup',
  'exec "$@"',
].join('\n');

/** What it is run under: a mount namespace of its own. */
const APART = ['--mount', '--propagation', 'private', '--', 'sh', '-euc', VERSION_1_ALONE, 'sh'];
const TIMEOUT_MS = 300_000;

/** Integration tests of these files whose names match, as they end where cgroups of version 2 are out of sight. */
export async function testsApart(
  files: readonly string[],
  match: string,
  print: (line: string) => void,
): Promise<Counts & { readonly exitCode: number }> {
  const words = ['--tap', '--config', 'test/ava.integration.config.mjs', `--match=${match}`, ...files];
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], CI: 'true' };
  const { exitCode, stdout } = await new Promise<{ exitCode: number; stdout: string }>((resolve) => {
    const options = { cwd: ROOT, env, timeout: TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 };
    execFile('unshare', [...APART, process.execPath, AVA, ...words], options, (error, out, complaints) => {
      for (const line of complaints.split('\n').slice(-10)) print(line);
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout: out });
    });
  });
  return { ...(stdout === '' ? NONE : await countTap(Readable.from([stdout]), print)), exitCode };
}

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { ParseError } from '../bench/errors.ts';
import { exec } from '../bench/proc/exec.ts';

/** One kernel module as it is loaded: uncompressed. */
export interface KernelModule {
  /** As in /proc/modules: with underscores. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SUFFIX = /\.ko(?:\.xz|\.zst)?$/;

function nameOf(path: string): string {
  return basename(path).replace(SUFFIX, '').replaceAll('-', '_');
}

/** Names after `depends=` in a module's own description: they must be loaded first. */
export function dependenciesOf(module: Uint8Array): readonly string[] {
  const text = Buffer.from(module.buffer, module.byteOffset, module.byteLength).toString('latin1');
  const [, list = ''] = /\0depends=([\w,-]*)\0/.exec(text) ?? [];
  return list
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'));
}

/**
 * The wanted modules and all that they need, each after what it needs.
 * @param read gives a module's bytes, undefined for what is built into the kernel.
 * @throws ParseError `MODULE_CYCLE`.
 */
export async function loadOrder(
  wanted: readonly string[],
  read: (name: string) => Promise<Uint8Array | undefined>,
): Promise<readonly KernelModule[]> {
  const done = new Map<string, KernelModule | undefined>();
  const visit = async (name: string, above: readonly string[]): Promise<void> => {
    if (done.has(name)) return;
    if (above.includes(name))
      throw new ParseError('MODULE_CYCLE', `kernel modules need one another: ${above.join(', ')}`);
    const bytes = await read(name);
    for (const needed of bytes === undefined ? [] : dependenciesOf(bytes)) await visit(needed, [...above, name]);
    done.set(name, bytes === undefined ? undefined : { name, bytes });
  };
  for (const name of wanted) await visit(name, []);
  return [...done.values()].filter((module) => module !== undefined);
}

async function readModule(path: string, signal: AbortSignal): Promise<Uint8Array> {
  if (path.endsWith('.zst')) return zstdDecompressSync(await readFile(path));
  if (!path.endsWith('.xz')) return await readFile(path);
  await exec(['xz', '--decompress', '--keep', '--force', path], { signal });
  return await readFile(path.replace(/\.xz$/, ''));
}

/**
 * Modules of an unpacked kernel package, in load order.
 * @param folder lib/modules/RELEASE.
 * @throws ParseError `NO_MODULE` for one that is neither there nor built in; `optional` ones may be neither.
 */
export async function modulesOf(
  folder: string,
  wanted: readonly string[],
  optional: readonly string[],
  signal: AbortSignal,
): Promise<readonly KernelModule[]> {
  const files = await readdir(join(folder, 'kernel'), { recursive: true });
  const paths = new Map(
    files.filter((file) => SUFFIX.test(file)).map((file) => [nameOf(file), join(folder, 'kernel', file)]),
  );
  const builtIn = new Set((await readFile(join(folder, 'modules.builtin'), 'utf8')).split('\n').map(nameOf));
  return await loadOrder([...optional, ...wanted], async (name) => {
    const path = paths.get(name);
    if (path !== undefined) return await readModule(path, signal);
    if (builtIn.has(name) || optional.includes(name)) return undefined;
    throw new ParseError('NO_MODULE', `the kernel in ${folder} lacks the module ${name}`);
  });
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileStatic, STATIC_FLAGS } from '../bench/proc/compile.ts';
import { cpio, type CpioEntry } from './cpio.ts';
import type { KernelModule } from './modules.ts';

function sourceOf(name: string): string {
  return fileURLToPath(new URL(`guest/${name}`, import.meta.url));
}

/** What is compiled into the initial file tree: its path there and its source. */
const PROGRAMS = { init: sourceOf('init.c'), run: sourceOf('run.c') } as const;

/** Everything but the modules that decides what the initial file tree becomes, as text for a hash. */
export async function initrdInputs(): Promise<string> {
  const sources = await Promise.all(Object.values(PROGRAMS).map((path) => readFile(path, 'utf8')));
  return JSON.stringify([STATIC_FLAGS, sources]);
}

async function compile(scratch: string, signal: AbortSignal): Promise<readonly CpioEntry[]> {
  const folder = await mkdtemp(join(scratch, 'initrd-'));
  try {
    const programs = Object.entries(PROGRAMS).map(async ([path, source]) => {
      const output = join(folder, path);
      await compileStatic(source, output, signal);
      return { path, mode: 0o755, content: await readFile(output) };
    });
    return await Promise.all(programs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The part of the initial file tree that all guests of one kernel share. Uncompressed: it is small, and unpacking would be
 * part of every start.
 * @param scratch an existing folder for the compiler's output.
 */
export async function buildInitrd(
  modules: readonly KernelModule[],
  scratch: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const paths = modules.map(({ name }) => `modules/${name}.ko`);
  return cpio([
    { path: 'root', mode: 0o755 },
    { path: 'modules', mode: 0o755 },
    ...(await compile(scratch, signal)),
    ...modules.map(({ bytes }, at) => ({ path: paths[at] ?? '', mode: 0o644, content: bytes })),
    { path: 'modules.list', mode: 0o644, content: Buffer.from(paths.map((path) => `/${path}\n`).join('')) },
  ]);
}

/** The archive that follows the shared one: what is to be started, as arguments of the probe. */
export function entryArchive(argv: readonly string[]): Buffer {
  return cpio([{ path: 'entry', mode: 0o644, content: Buffer.from(argv.map((word) => `${word}\0`).join('')) }]);
}

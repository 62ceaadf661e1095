import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exec } from './exec.ts';

/** Same flags for everybody; the binary depends on nothing on the host or in a tree. */
export const STATIC_FLAGS = ['-static', '-O2', '-s', '-Wall', '-Wextra', '-Werror', '-Wl,--build-id=none'] as const;

/**
 * Compiles one C file into a program. It appears under its name complete or not at all, also after a crash or beside another
 * compilation of the same.
 * @throws CommandError `TOOL_MISSING` without musl-gcc; InterruptedError.
 */
export async function compileStatic(source: string, output: string, signal: AbortSignal): Promise<void> {
  const draft = `${output}.${randomBytes(4).toString('hex')}`;
  try {
    await exec(['musl-gcc', ...STATIC_FLAGS, '-o', draft, source], { signal });
    await chmod(draft, 0o755);
    const file = await open(draft);
    await file.sync().finally(() => file.close());
    await rename(draft, output);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Compiles a C file once and keeps the program under the state folder by the hash of its source; untimed.
 * @returns its path. @throws CommandError `TOOL_MISSING` without musl-gcc; InterruptedError.
 */
export async function compileTool(source: string, stateDir: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify(STATIC_FLAGS))
    .update(await readFile(source))
    .digest('hex');
  const folder = join(stateDir, 'tools');
  const path = join(folder, `${basename(source, '.c')}-${hash.slice(0, 16)}`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  await compileStatic(source, path, signal);
  return path;
}

import { randomBytes } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
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

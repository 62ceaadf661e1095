import { execFile } from 'node:child_process';
import { join } from 'node:path';

const SETUP = join(import.meta.dirname, '../../bench/setup');

export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs shell text with `input` on stdin, after the named files of bench/setup were sourced; anything that the text defines replaces theirs. */
export function setupShell(files: readonly string[], text: string, options: ShellOptions = {}): Promise<ShellResult> {
  const sources = files.map((file) => `. "${join(SETUP, file)}"`);
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent', ...options.env };
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', [...sources, text].join('\n')],
      { env },
      (error, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
      },
    );
    // Text that doesn't read its input may end before all of it was written.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

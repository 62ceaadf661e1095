import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { CommandError, ConfigError, messageOf, ParseError } from '../errors.ts';
import { exec } from '../proc/exec.ts';
import { moduleFile } from '../proc/module-file.ts';
import { quoteHead } from './quote.ts';
import { parseNames, suiteMetrics } from './suite-output.ts';

/** What one prepare call carries into an instance. */
const MOST_BYTES = 64 * 1024;
const LOAD_TIMEOUT_MS = 10_000;
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

const RUNNER = moduleFile(import.meta.url, 'suite/run');

/** A tinybench suite in a file of the user's. */
export interface UserSuite {
  readonly fileName: string;
  readonly extension: string;
  /** The file's contents, of UTF-8; they go into every instance unchanged. */
  readonly text: string;
  readonly sha256: string;
  /** Its tasks, in order. */
  readonly names: readonly string[];
}

async function readSuite(path: string): Promise<Buffer> {
  const extension = extname(path);
  if (!EXTENSIONS.includes(extension)) {
    throw new ConfigError('SUITE_FILE', `${path}: a suite ends in ${EXTENSIONS.join(', ')}, not "${extension}"`);
  }
  const contents = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError('SUITE_FILE', `${path}: ${messageOf(cause)}`, { cause });
  });
  if (!isUtf8(contents)) throw new ConfigError('SUITE_FILE', `${path}: it is not a text of UTF-8`);
  if (contents.length <= MOST_BYTES) return contents;
  throw new ConfigError('SUITE_FILE', `${path}: it has ${contents.length} bytes, a suite at most ${MOST_BYTES}`, {
    hint: 'bundle it into one smaller file, minified and with tinybench left external',
  });
}

/** Why the runner ended with a failure: the line that it writes itself, or the last one. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const own = lines.findLast((line) => line.startsWith('suite: '))?.slice('suite: '.length);
  return own ?? (lines.length === 0 ? 'it ended without a word' : quoteHead(lines.at(-1) ?? ''));
}

/** Loads the suite once in a process and a folder of its own, and asks for its tasks; none of them is run. */
async function listed(path: string, signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tare-suite-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  const argv = [process.execPath, ...flags, RUNNER, '--names', '--data', folder, path];
  const { exitCode, stdout, stderr } = await exec(argv, { signal, timeoutMs: LOAD_TIMEOUT_MS, accept: 'any' });
  if (exitCode === 0) return stdout;
  throw new ConfigError('SUITE_LOAD', `${path}: ${reasonIn(stderr)}`, {
    hint: 'docs/workloads.md says what a suite is',
    details: { stderr: stderr.slice(-4096) },
  });
}

/**
 * Reads and inspects a suite before a run: its file runs once on this host, up to and without its tasks.
 * @throws ConfigError `SUITE_FILE`, `SUITE_LOAD`, `SUITE_TIMEOUT`, each with the file's name; InterruptedError.
 */
export async function loadUserSuite(file: string, signal: AbortSignal): Promise<UserSuite> {
  const path = resolve(file);
  const contents = await readSuite(path);
  try {
    const names = parseNames(await listed(path, signal));
    suiteMetrics(names);
    return {
      fileName: basename(path),
      extension: extname(path),
      text: contents.toString('utf8'),
      sha256: createHash('sha256').update(contents).digest('hex'),
      names,
    };
  } catch (cause) {
    if (cause instanceof ParseError) throw new ConfigError('SUITE_LOAD', `${path}: ${cause.message}`, { cause });
    if (cause instanceof CommandError && cause.code === 'COMMAND_TIMEOUT') {
      const seconds = LOAD_TIMEOUT_MS / 1000;
      throw new ConfigError('SUITE_TIMEOUT', `${path}: it was not loaded within ${seconds} seconds`, { cause });
    }
    throw cause;
  }
}

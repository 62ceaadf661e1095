import { createRequire, findPackageJSON, registerHooks } from 'node:module';
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OwnRunner } from '../config/schema.ts';
import { ConfigError, messageOf } from '../errors.ts';
import type { RunnerModule } from '../model/manifest.ts';
import type { Runner } from '../model/runner.ts';
import { moduleFile } from '../proc/module-file.ts';

const ID = /^[a-z][a-z0-9-]{0,31}$/;
const METHODS = ['probe', 'prepare', 'sweep'] as const;

/** What a runner's module imports as `tare/runner`. */
const API = { name: 'tare/runner', url: pathToFileURL(moduleFile(import.meta.url, '../../runners/api')).href };

/**
 * A runner gets the tare that loads it, wherever it lies: another copy would have error classes of its own and know nothing of
 * the run's bridge. So it needs none beside it, either.
 */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === API.name ? { url: API.url, shortCircuit: true } : next(specifier, context),
});

/** A runner that is not tare's own, and where it comes from. */
export interface LoadedRunner {
  readonly runner: Runner;
  readonly module: RunnerModule;
  /** The absolute path of the file that was loaded. */
  readonly file: string;
}

/** The file that a package or a path stands for. A folder stands for the package in it. @throws ConfigError `NO_MODULE`. */
function fileOf({ use, from = process.cwd() }: OwnRunner): string {
  try {
    if (isAbsolute(use) && statSync(use).isFile()) return use;
    return createRequire(join(from, 'tare.cjs')).resolve(use);
  } catch (cause) {
    // Node goes on with a stack of files, of which one is made up.
    const [reason = ''] = messageOf(cause).split('\n');
    throw new ConfigError('NO_MODULE', `the runner ${use} cannot be found from ${from}: ${reason}`, {
      cause,
      hint: 'name a path that begins with ./ or /, or install the package beside the configuration: npm install <package>',
    });
  }
}

function versionOf(file: string): string | null {
  try {
    const path = findPackageJSON(pathToFileURL(file));
    const parsed: unknown = path === undefined ? null : JSON.parse(readFileSync(path, 'utf8'));
    const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : null;
    return typeof version === 'string' && version !== '' ? version : null;
  } catch {
    return null;
  }
}

/** What keeps a module's default export from being a runner; undefined where nothing does. */
function defectOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return 'its default export is no runner; make it with defineRunner({…})';
  const { id, apiVersion, options } = value as Readonly<Record<string, unknown>>;
  if (apiVersion !== 1) return `it is written for apiVersion ${String(apiVersion)}, and this tare knows 1`;
  if (typeof id !== 'string' || !ID.test(id)) return 'its id must be lower-case letters, digits and hyphens';
  const missing = METHODS.find((name) => typeof (value as Record<string, unknown>)[name] !== 'function');
  if (missing !== undefined) return `it has no function ${missing}()`;
  return options === undefined || Array.isArray(options) ? undefined : 'its options must be a list';
}

/** @throws ConfigError `NO_MODULE`, `BAD_MODULE`. */
export async function loadOwnRunner(own: OwnRunner): Promise<LoadedRunner> {
  const file = fileOf(own);
  let exported: unknown;
  try {
    ({ default: exported } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown });
  } catch (cause) {
    throw new ConfigError('BAD_MODULE', `${own.use} cannot be loaded: ${messageOf(cause)}`, { cause });
  }
  const defect = defectOf(exported);
  if (defect !== undefined) {
    throw new ConfigError('BAD_MODULE', `${own.use}: ${defect}`, { hint: 'see docs/writing-a-runner.md' });
  }
  return { runner: exported as Runner, module: { use: own.use, version: versionOf(file) }, file };
}

import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ResourceError } from '../errors.ts';
import { exec } from '../proc/exec.ts';
import { lockStore } from './lock.ts';

/** Folders under this prefix are unfinished and count for nothing. */
const UNFINISHED = '.building-';

export interface CacheOptions<T> {
  /** The folder that holds all folders of this kind; libvirt's user must be able to reach it. */
  readonly store: string;
  /** Names everything that decides what is built. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Undefined where the folder is not there or not complete. */
  read(folder: string): Promise<T | undefined>;
  /** Fills a new, empty folder. */
  build(folder: string): Promise<void>;
}

/**
 * What is cached under the key, or what `build` makes of it: once, also where several processes ask at the same time. A build
 * that is cut leaves nothing that counts; the next one removes its leftovers.
 */
export async function cached<T>(options: CacheOptions<T>): Promise<T> {
  const { store, key, signal } = options;
  const folder = join(store, key);
  const existing = await options.read(folder);
  if (existing !== undefined) return existing;
  mkdirSync(store, { recursive: true, mode: 0o755 });
  await using _lock = await lockStore(store, signal, () => {});
  const others = await options.read(folder);
  if (others !== undefined) return others;
  for (const name of await readdir(store)) {
    if (name.startsWith(UNFINISHED)) await rm(join(store, name), { recursive: true, force: true });
  }
  const unfinished = join(store, `${UNFINISHED}${process.pid}`);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(unfinished, { recursive: true, force: true }));
  await mkdir(unfinished, { mode: 0o755 });
  await options.build(unfinished);
  await exec(['sync', '--file-system', unfinished]);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  const built = await options.read(folder);
  if (built !== undefined) return built;
  throw new ResourceError('CACHE', `${folder} is not what was just written there`);
}

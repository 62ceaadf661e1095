import { createHash } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { cached } from '../../bench/image/cache.ts';
import { ResourceError } from '../../bench/errors.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import type { BaseDisk } from '../../vms/disk.ts';
import { TREE_SERIAL } from '../../vms/system/boxes.ts';
import type { SystemDisk } from '../../vms/system/disk.ts';
import { bootHost, type Host, mustInGuest } from './guest.ts';

/** Changes whenever the same system and tree would become another disk. */
const REVISION = 1;
/** Minutes where the guest is emulated. */
const IMPORT_TIMEOUT_MS = 40 * 60_000;
const STOP_TIMEOUT_MS = 5 * 60_000;
const CONVERT_TIMEOUT_MS = 10 * 60_000;

const MANIFEST = 'imported.json';
const manifestSchema = z.strictObject({
  schema: z.literal(1),
  /** Digest of the system that Docker runs in. */
  system: z.string(),
  /** Digest of the image that Docker has. */
  image: z.string(),
});

/** A full system whose Docker has the image; never written to. */
export interface ImportedDisk {
  readonly folder: string;
  readonly path: string;
  readonly manifest: z.infer<typeof manifestSchema>;
}

async function diskIn(folder: string): Promise<ImportedDisk | undefined> {
  try {
    const path = join(folder, 'imported.raw');
    await stat(path);
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    return { folder, path, manifest };
  } catch {
    return undefined;
  }
}

/** Has the image imported inside, shuts the guest down, and keeps its disk. */
async function build(folder: string, host: Host, system: SystemDisk, tree: BaseDisk, run: RunContext): Promise<void> {
  const { signal } = run;
  const limits = { timeoutMs: IMPORT_TIMEOUT_MS, signal };
  await using undo = new AsyncDisposableStack();
  const readOnlyDisks = [{ path: tree.path, serial: TREE_SERIAL }];
  const { guest } = await bootHost(host, { disk: system.path, readOnlyDisks, bridge: null, ports: 0 }, run, undo);
  await mustInGuest(guest, ['mount'], limits);
  await mustInGuest(guest, ['docker-import'], limits);
  const { timedOut } = await guest.end('stop', STOP_TIMEOUT_MS);
  if (timedOut) throw new ResourceError('NOT_GONE', 'the guest that imported the image did not shut down');
  const [overlay = ''] = guest.diskPaths();
  const path = join(folder, 'imported.raw');
  const argv = ['qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', overlay, path];
  await exec(argv, { signal, timeoutMs: CONVERT_TIMEOUT_MS });
  await chmod(path, 0o444);
  const manifest = { schema: 1, system: system.manifest.digest, image: tree.manifest.image };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The disk of a system whose Docker has the image already: the cached one, or a new one, for which the guest is booted once.
 * @throws StartError, CommandError, ResourceError; InterruptedError.
 */
export async function importedDisk(
  host: Host,
  system: SystemDisk,
  tree: BaseDisk,
  run: RunContext,
): Promise<ImportedDisk> {
  const identity = [REVISION, basename(system.folder), basename(tree.folder)];
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
  return await cached({
    store: join(run.stateDir, 'systems'),
    key,
    signal: run.signal,
    read: diskIn,
    build: (folder) => build(folder, host, system, tree, run),
  });
}

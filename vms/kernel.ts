import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { CommandError, ParseError } from '../bench/errors.ts';
import { CONTAINED } from '../bench/image/bootstrap.ts';
import { cached } from '../bench/image/cache.ts';
import { RECIPE } from '../bench/image/recipe.ts';
import { hostAptOptions, hostSources, sourceLines } from '../bench/image/sources.ts';
import { exec } from '../bench/proc/exec.ts';
import { type Hardware, type Nic, PLAIN_HARDWARE } from './hardware.ts';
import { buildInitrd, initrdInputs } from './initrd.ts';
import { modulesOf } from './modules.ts';

/** What is taken of the distribution's kernel. Raise `revision` when the code below changes what comes out. */
interface KernelRecipe {
  readonly revision: number;
  readonly package: string;
  readonly modules: readonly string[];
  /** Needed by ext4 through the crypto interface, where it is a module at all. */
  readonly optional: readonly string[];
}

function recipe(packageName: string, bus: string, nic: string): KernelRecipe {
  return {
    revision: 1,
    package: packageName,
    modules: [bus, 'virtio_blk', 'virtio_console', nic, 'virtio_rng', 'ext4', 'button', 'evdev'],
    optional: ['crc32c_generic', 'crc32c_cryptoapi'],
  };
}

/** The kernel without drivers for real hardware, and the one with them. */
const PACKAGES = { virtual: 'linux-image-cloud-amd64', any: 'linux-image-amd64' } as const;

/** The package of a kernel that has the drivers for this network card. */
export function kernelPackage(nic: Nic): string {
  return nic === 'virtio' ? PACKAGES.virtual : PACKAGES.any;
}

function recipeFor({ machine, nic }: Pick<Hardware, 'machine' | 'nic'>): KernelRecipe {
  const bus = machine === 'microvm' ? 'virtio_mmio' : 'virtio_pci';
  return recipe(kernelPackage(nic), bus, nic === 'virtio' ? 'virtio_net' : nic);
}

const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
const MANIFEST = 'kernel.json';
const fileSchema = z.strictObject({ sha256: z.string(), bytes: z.number().int(), compressedBytes: z.number().int() });
const manifestSchema = z.strictObject({
  schema: z.literal(1),
  package: z.string(),
  version: z.string(),
  /** `uname -r` of a guest. */
  release: z.string(),
  /** SHA-256 of the .deb that was unpacked. */
  packageSha256: z.string(),
  modules: z.array(z.string()),
  vmlinuz: fileSchema,
  initrd: fileSchema,
});

/** What `kernel.json` holds; `compressedBytes` is what shipping the file takes. */
export type KernelManifest = z.infer<typeof manifestSchema>;

/** A kernel with its initial file tree, complete on this host. */
export interface Kernel {
  readonly folder: string;
  readonly vmlinuz: string;
  readonly initrd: string;
  readonly manifest: KernelManifest;
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function kernelIn(folder: string): Promise<Kernel | undefined> {
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
    return { folder, vmlinuz: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd'), manifest };
  } catch {
    return undefined;
  }
}

/** Unpacks the kernel's package, and those it depends on, without installing anything. */
async function download(name: string, suite: string, tree: string, signal: AbortSignal): Promise<void> {
  const { components } = RECIPE;
  const aptOptions = [...(await hostAptOptions(signal)), 'APT::Install-Recommends "false";'];
  const argv = [
    ...CONTAINED,
    ...['mmdebstrap', '--mode=root', '--format=directory', '--architectures=amd64', '--variant=extract'],
    ...[`--components=${components.join(',')}`, `--include=${name}`, '--skip=cleanup/apt'],
    ...aptOptions.map((option) => `--aptopt=${option}`),
    ...[suite, tree, ...sourceLines(hostSources(), { suite, components })],
  ];
  try {
    await exec(argv, { signal, timeoutMs: DOWNLOAD_TIMEOUT_MS, maxBytes: 16 * 1024 * 1024 });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'COMMAND_FAILED') throw error;
    throw new CommandError('KERNEL_DOWNLOAD', `could not get ${name} of ${suite}: ${error.message}`, {
      details: error.details,
      hint: 'check that a Debian mirror is reachable (apt-get update)',
      cause: error,
    });
  }
}

async function findOne(folder: string, pattern: RegExp): Promise<RegExpExecArray> {
  const found = (await readdir(folder)).map((name) => pattern.exec(name)).filter((match) => match !== null);
  const [first] = found;
  if (first && found.length === 1) return first;
  throw new ParseError('KERNEL_PACKAGE', `${found.length} files instead of one match ${pattern.source} in ${folder}`);
}

function fileOf(bytes: Uint8Array, compressed: boolean) {
  return {
    sha256: sha256(bytes),
    bytes: bytes.length,
    compressedBytes: compressed ? bytes.length : gzipSync(bytes).length,
  };
}

async function build(what: KernelRecipe, suite: string, folder: string, signal: AbortSignal): Promise<void> {
  const tree = join(folder, 'tree');
  await download(what.package, suite, tree, signal);
  const [image, release = ''] = await findOne(join(tree, 'boot'), /^vmlinuz-(.+)$/);
  const archives = join(tree, 'var/cache/apt/archives');
  const [deb, version = ''] = await findOne(archives, /^linux-image-\d[^_]*_([^_]+)_amd64\.deb$/);
  const modules = await modulesOf(join(tree, 'lib/modules', release), what.modules, what.optional, signal);
  const initrd = await buildInitrd(modules, folder, signal);
  await copyFile(join(tree, 'boot', image), join(folder, 'vmlinuz'));
  await writeFile(join(folder, 'initrd'), initrd);
  const manifest: KernelManifest = {
    schema: 1,
    package: what.package,
    version: decodeURIComponent(version),
    release,
    packageSha256: sha256(await readFile(join(archives, deb))),
    modules: modules.map(({ name }) => name),
    // A bzImage is compressed already.
    vmlinuz: fileOf(await readFile(join(folder, 'vmlinuz')), true),
    initrd: fileOf(initrd, false),
  };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(tree, { recursive: true, force: true });
}

/**
 * The distribution's kernel for guests of this hardware, with our initial file tree: the cached one, or a new one (a download of
 * some 30 MB, or 70 MB with drivers for real hardware). The key covers everything that decides what is built but for the archive's state on that day, which
 * `kernel.json` records.
 * @throws CommandError `KERNEL_DOWNLOAD`, `TOOL_MISSING`; ParseError; InterruptedError.
 */
export async function prepareKernel(
  stateDir: string,
  suite: string,
  signal: AbortSignal,
  hardware: Pick<Hardware, 'machine' | 'nic'> = PLAIN_HARDWARE,
): Promise<Kernel> {
  const what = recipeFor(hardware);
  return await cached({
    store: join(stateDir, 'kernels'),
    key: sha256(JSON.stringify([what, suite, await initrdInputs()])).slice(0, 16),
    signal,
    read: kernelIn,
    build: (folder) => build(what, suite, folder, signal),
  });
}

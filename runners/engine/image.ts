import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ResourceError, UnsupportedError } from '../../bench/errors.ts';
import { packEntries } from '../../bench/image/archive.ts';
import { additions, listTree } from '../../bench/image/listing.ts';
import { imageBeside } from '../../bench/image/store.ts';
import type { Image } from '../../bench/model/image.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import type { Engine } from './engine.ts';

/** Says which of tare's images an engine's was built from. */
const DIGEST_LABEL = 'tare.image';

/** An emulated host takes many minutes to import a tree. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

const imageSchema = z.array(
  z.looseObject({
    Id: z.string(),
    Config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }),
    GraphDriver: z.looseObject({ Data: z.record(z.string(), z.string()).nullish() }).nullish(),
  }),
);

/** An image of tare's as the engine has it. */
export interface EngineImage {
  readonly id: string;
  readonly reference: string;
  /** Layer folders by their overlay names; empty where the engine does not say. */
  readonly layers: Readonly<Record<string, string>>;
}

function referenceOf(image: Image): string {
  return `tare:${image.manifest.digest.replace(/^sha256:/, '').slice(0, 16)}`;
}

async function inspect({ cli }: Engine, reference: string, digest: string): Promise<EngineImage | undefined> {
  const { exitCode } = await cli.run(['image', 'inspect', '--format', '{{.Id}}', reference], { accept: [0, 1, 125] });
  if (exitCode !== 0) return undefined;
  const [found] = await cli.json(['image', 'inspect', reference], imageSchema);
  if (found?.Config.Labels?.[DIGEST_LABEL] !== digest) return undefined;
  return { id: found.Id, reference, layers: found.GraphDriver?.Data ?? {} };
}

/** An image that only adds to another one becomes a layer on that one's, so that what both hold is on the engine's disk once. */
async function buildOn(
  engine: Engine,
  below: EngineImage,
  added: readonly string[],
  image: Image,
  { reference, label, run }: Making,
): Promise<void> {
  const context = join(run.runDir, `${engine.id}-build-${image.manifest.digest.slice(-16)}`);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(context, { recursive: true, force: true }));
  await mkdir(context, { recursive: true });
  await packEntries(image.tree, added, join(context, 'layer.tar'), run.signal);
  await writeFile(join(context, 'Dockerfile'), `FROM ${below.reference}\nADD layer.tar /\n`);
  const build = ['build', '--quiet', '--network', 'none', '--label', label, '--tag', reference, context];
  await engine.cli.run(build, { timeoutMs: BUILD_TIMEOUT_MS, signal: run.signal });
}

interface Making {
  readonly reference: string;
  readonly label: string;
  readonly run: RunContext;
}

async function make(engine: Engine, image: Image, making: Making): Promise<void> {
  const base = image.manifest.layer && (await imageBeside(image, image.manifest.layer.on));
  const added = base && additions(await listTree(base.tree), await listTree(image.tree));
  if (base && added) return buildOn(engine, await engineImage(engine, base, making.run), added, image, making);
  const { reference, label, run } = making;
  const words = ['import', '--change', `LABEL ${label}`, image.archive, reference];
  await engine.cli.run(words, { timeoutMs: BUILD_TIMEOUT_MS, signal: run.signal });
}

/**
 * The engine's image of a tree, made from it if it is not there. It stays between runs, as the store does, since it is the
 * same for all of them.
 * @throws ResourceError `ENGINE_IMAGE`; what the client throws.
 */
export async function engineImage(engine: Engine, image: Image, run: RunContext): Promise<EngineImage> {
  const reference = referenceOf(image);
  const { digest } = image.manifest;
  const known = await inspect(engine, reference, digest);
  if (known) return known;
  await make(engine, image, { reference, label: `${DIGEST_LABEL}=${digest}`, run });
  const made = await inspect(engine, reference, digest);
  if (made) return made;
  throw new ResourceError('ENGINE_IMAGE', `${reference} was made, and the engine does not show it`);
}

/**
 * The folders of an image's layers, each once.
 * @throws UnsupportedError `NO_LAYER_FOLDERS` where the engine keeps layers in a form whose bytes cannot be told apart.
 */
export function layerFolders({ layers, reference }: EngineImage): readonly string[] {
  const { UpperDir: upper, LowerDir: lower } = layers;
  const folders = [upper, ...(lower?.split(':') ?? [])].filter((path) => path !== undefined && path !== '');
  if (folders.length > 0) return [...new Set(folders)] as readonly string[];
  throw new UnsupportedError('NO_LAYER_FOLDERS', `the engine does not say where the layers of ${reference} are`, {
    hint: 'use the storage driver overlay2 (of Podman: overlay): the containerd image store names no folders',
  });
}

const sizeSchema = z.object({ id: z.string(), bytes: z.number().int().positive() });

/** Bytes of the engine's `save`, compressed by gzip -6 as registries do with layers; kept beside the store, since it takes a while. */
export async function savedBytes(engine: Engine, image: EngineImage, run: RunContext): Promise<number> {
  const cache = join(run.stateDir, 'cache', `${engine.id}-${image.id.replace(/^sha256:/, '').slice(0, 16)}.json`);
  try {
    const known = sizeSchema.parse(JSON.parse(await readFile(cache, 'utf8')));
    if (known.id === image.id) return known.bytes;
  } catch {
    // Not measured yet, or not readable: measured now.
  }
  const file = join(run.runDir, `${engine.id}-save-${image.id.slice(-16)}.tar`);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(file, { force: true }));
  undo.defer(() => rm(`${file}.gz`, { force: true }));
  const options = { timeoutMs: BUILD_TIMEOUT_MS, signal: run.signal };
  await engine.cli.run(['save', '--output', file, image.reference], options);
  await exec(['gzip', '-6', '--no-name', file], options);
  const bytes = (await stat(`${file}.gz`)).size;
  await mkdir(join(run.stateDir, 'cache'), { recursive: true });
  await writeFile(cache, `${JSON.stringify({ id: image.id, bytes })}\n`);
  return bytes;
}

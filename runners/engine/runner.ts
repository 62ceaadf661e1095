import type { ResourceRef } from '../../bench/model/owner.ts';
import type { InstanceSpec, Prepared, RunContext, SweepContext } from '../../bench/model/runner.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import { bridgeClient } from '../shared/client.ts';
import { hasProgram } from '../shared/programs.ts';
import { pidsNamed } from '../shared/processes.ts';
import { type Sweep, sweepEach } from '../shared/sweep.ts';
import { type EngineCli, TAG_LABEL } from './cli.ts';
import type { Engine } from './engine.ts';
import { engineImage, layerFolders, savedBytes } from './image.ts';
import { startContainer } from './instance.ts';
import { runNetworks } from './networks.ts';

/** @param daemons names of the daemons that work for a start. */
export async function prepareEngine(
  engine: Engine,
  spec: InstanceSpec,
  run: RunContext,
  daemons: readonly string[],
): Promise<Prepared> {
  await using undo = new AsyncDisposableStack();
  const image = await engineImage(engine, spec.image, run);
  const networks = spec.network === 'bridge' ? undo.use(await runNetworks(engine, run)).value : null;
  const client = undo.use(bridgeClient(spec, run, networks?.first.bridge));
  const place = { engine, reference: image.reference, networks: networks?.shards ?? null, client };
  const owned = undo.move();
  return {
    digest: image.id,
    distribution: async () => ({ image: await savedBytes(engine, image, run) }),
    imagePaths: async () => layerFolders(image),
    daemons: async () => (daemons.length === 0 ? [] : pidsNamed(...daemons)),
    start: (context, index, options) => startContainer(spec, place, context, index, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What bears a matching tag both as label and in its name. */
async function labelled(
  { cli, id: program }: Pick<Engine, 'cli' | 'id'>,
  kind: 'container' | 'network',
  matches: (tag: string) => boolean,
): Promise<readonly ResourceRef[]> {
  if (!hasProgram(program)) return [];
  const list =
    kind === 'container' ? ['ps', '--all', '--format', '{{.Names}}'] : ['network', 'ls', '--format', '{{.Name}}'];
  const { stdout } = await cli.run([...list, '--filter', `label=${TAG_LABEL}`]);
  return stdout.split('\n').flatMap((line) => {
    const id = line.trim();
    const tag = tagOf(id);
    return tag !== undefined && matches(tag) ? [{ kind, id, tag }] : [];
  });
}

/**
 * Removes an engine's containers of matching runs.
 * @param cliFor where it takes another client than the engine's to remove what a run has made.
 */
export function sweepContainers(
  engine: Pick<Engine, 'cli' | 'id' | 'removal'>,
  cliFor: (tag: string, context: SweepContext) => EngineCli = () => engine.cli,
): Sweep {
  return async (owner, context) => {
    const found = await labelled(engine, 'container', (tag) => owner.matches(tag));
    return sweepEach(found, context, (name) => cliFor(tagOf(name) ?? '', context).remove([...engine.removal, name]));
  };
}

/** Removes an engine's networks of matching runs. */
export function sweepNetworks(engine: Pick<Engine, 'cli' | 'id'>): Sweep {
  return async (owner, context) => {
    const found = await labelled(engine, 'network', (tag) => owner.matches(tag));
    return sweepEach(found, context, (name) => engine.cli.remove(['network', 'rm', name]));
  };
}

import type { ResourceRef } from '../../bench/model/owner.ts';
import { defineRunner, type Prepared } from '../../bench/model/runner.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import { bridgeClient } from '../shared/client.ts';
import { hasProgram } from '../shared/programs.ts';
import { pidsNamed } from '../shared/processes.ts';
import { type Sweep, sweepAll, sweepEach } from '../shared/sweep.ts';
import { docker, dockerRemove, TAG_LABEL } from './cli.ts';
import { dockerImage, layerFolders, savedBytes } from './image.ts';
import { startDocker } from './instance.ts';
import { runNetworks } from './network.ts';
import { probeDocker } from './probe.ts';

/** What bears a matching tag both as label and in its name. */
async function labelled(
  kind: 'container' | 'network',
  list: readonly string[],
  matches: (tag: string) => boolean,
): Promise<readonly ResourceRef[]> {
  if (!hasProgram('docker')) return [];
  const { stdout } = await docker([...list, '--filter', `label=${TAG_LABEL}`]);
  return stdout.split('\n').flatMap((line) => {
    const id = line.trim();
    const tag = tagOf(id);
    return tag !== undefined && matches(tag) ? [{ kind, id, tag }] : [];
  });
}

const sweepContainers: Sweep = async (owner, context) => {
  const found = await labelled('container', ['ps', '--all', '--format', '{{.Names}}'], (tag) => owner.matches(tag));
  return sweepEach(found, context, (name) => dockerRemove(['rm', '--force', '--volumes', name]));
};

const sweepNetworks: Sweep = async (owner, context) => {
  const found = await labelled('network', ['network', 'ls', '--format', '{{.Name}}'], (tag) => owner.matches(tag));
  return sweepEach(found, context, (name) => dockerRemove(['network', 'rm', name]));
};

/** A container by the `docker` CLI and the engine that is there, as people start one. */
export const dockerRunner = defineRunner({
  id: 'docker',
  apiVersion: 1,
  probe: () => probeDocker(),
  async prepare(spec, run): Promise<Prepared> {
    await using undo = new AsyncDisposableStack();
    const image = await dockerImage(spec.image, run);
    const networks = spec.network === 'bridge' ? undo.use(await runNetworks(run)).value : null;
    const client = undo.use(bridgeClient(spec, run, networks?.first.bridge));
    const place = { reference: image.reference, networks: networks?.shards ?? null, client };
    const owned = undo.move();
    return {
      digest: image.id,
      distribution: async () => ({ image: await savedBytes(image, run) }),
      imagePaths: async () => layerFolders(image),
      daemons: async () => pidsNamed('dockerd', 'containerd'),
      start: (context, index, options) => startDocker(spec, place, context, index, options),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
  sweep: (owner, context) => sweepAll([sweepContainers, sweepNetworks], owner, context),
});

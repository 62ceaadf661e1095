import { existsSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import type { ResourceRef } from '../../bench/model/owner.ts';
import { defineRunner, type Prepared } from '../../bench/model/runner.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { prepareLauncher } from '../../bench/proc/launcher.ts';
import { removeLink, runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { compressedTreeBytes } from '../shared/distribution.ts';
import { ownedLinks } from '../shared/netns.ts';
import { type Sweep, runFolders, sweepAll, sweepCgroups, sweepEach, sweepMounts, sweepNetns } from '../shared/sweep.ts';
import { cgroupDriver, containersOf, deleteContainer, runcFolder, runcRoot } from './cli.ts';
import { startRunc } from './instance.ts';
import { probeRunc } from './probe.ts';

const sweepContainers: Sweep = async (owner, context) => {
  const found: ResourceRef[] = [];
  for (const { path, tag } of runFolders(context.stateDir, owner)) {
    const containers = (await containersOf(path)).map((id) => ({ kind: 'container', id, tag }) as const);
    found.push(...(await sweepEach(containers, context, (id) => deleteContainer(path, id))));
  }
  return found;
};

/** The host's ends of instances' links; the bridge is the run's, and other runners may use it. */
const sweepVeths: Sweep = async (owner, context) => {
  const links = (await ownedLinks(owner)).filter(({ name }) => name.startsWith('tv'));
  return sweepEach(
    links.map(({ name, tag }) => ({ kind: 'link', id: name, tag })),
    context,
    removeLink,
  );
};

const sweepFolders: Sweep = async (owner, context) => {
  const found = runFolders(context.stateDir, owner)
    .map(({ path, tag }) => ({ kind: 'folder', id: runcFolder(path), tag }) as const)
    .filter(({ id }) => existsSync(id));
  return sweepEach(found, context, removeFolder);
};

/** An OCI bundle on an overlay over the store's tree, confined as Docker confines by default, without an engine. */
export const runcRunner = defineRunner({
  id: 'runc',
  apiVersion: 1,
  probe: (host) => probeRunc(host.stateDir),
  async prepare(spec, run): Promise<Prepared> {
    await using undo = new AsyncDisposableStack();
    // What the last instance leaves empty; another preparation of the run may still use it.
    for (const folder of [runcFolder(run.runDir), runcRoot(run.runDir)]) {
      undo.defer(() => rmdir(folder).catch(() => {}));
      await mkdir(folder, { recursive: true, mode: 0o711 });
    }
    const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : undefined;
    const client = undo.use(bridgeClient(spec, run, bridge));
    const launcher = await prepareLauncher(run.stateDir, run.signal);
    const place = { driver: cgroupDriver(), launcher, bridge, client };
    const owned = undo.move();
    return {
      digest: spec.image.manifest.digest,
      distribution: async () => ({ tree: await compressedTreeBytes(spec.image) }),
      imagePaths: async () => [spec.image.tree],
      daemons: async () => [],
      start: (context, index, options) => startRunc(spec, place, context, index, options),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
  sweep: (owner, context) =>
    sweepAll([sweepContainers, sweepCgroups, sweepMounts, sweepVeths, sweepNetns, sweepFolders], owner, context),
});

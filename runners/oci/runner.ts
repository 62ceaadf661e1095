import { existsSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import type { ResourceRef } from '../../bench/model/owner.ts';
import { defineRunner, type Prepared, type Runner } from '../../bench/model/runner.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { prepareLauncher } from '../../bench/proc/launcher.ts';
import { removeLink, runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { compressedTreeBytes } from '../shared/distribution.ts';
import { ownedLinks } from '../shared/netns.ts';
import { type Sweep, runFolders, sweepAll, sweepCgroups, sweepEach, sweepMounts, sweepNetns } from '../shared/sweep.ts';
import { cgroupDriver, containersOf, deleteContainer, runtimeFolder, runtimeRoot } from './cli.ts';
import { startContainer } from './instance.ts';
import type { OciRuntime } from './runtime.ts';

const sweepContainers =
  (runtime: OciRuntime): Sweep =>
  async (owner, context) => {
    const found: ResourceRef[] = [];
    for (const { path, tag } of runFolders(context.stateDir, owner)) {
      const containers = (await containersOf(runtime, path)).map((id) => ({ kind: 'container', id, tag }) as const);
      found.push(...(await sweepEach(containers, context, (id) => deleteContainer(runtime, path, id))));
    }
    return found;
  };

/** The host's ends of instances' links; the bridge is the run's, and other runners may use it. */
export const sweepVeths: Sweep = async (owner, context) => {
  const links = (await ownedLinks(owner)).filter(({ name }) => name.startsWith('tv'));
  return sweepEach(
    links.map(({ name, tag }) => ({ kind: 'link', id: name, tag })),
    context,
    removeLink,
  );
};

/** A runner's folders in matching runs. */
export const sweepFolders =
  (runtime: Pick<OciRuntime, 'id'>): Sweep =>
  async (owner, context) => {
    const found = runFolders(context.stateDir, owner)
      .map(({ path, tag }) => ({ kind: 'folder', id: runtimeFolder(runtime, path), tag }) as const)
      .filter(({ id }) => existsSync(id));
    return sweepEach(found, context, removeFolder);
  };

/** A runner of OCI bundles on overlays over the store's tree, confined as Docker confines by default, without an engine. */
export function ociRunner(runtime: OciRuntime, { probe, options = [] }: Pick<Runner, 'probe' | 'options'>): Runner {
  return defineRunner({
    id: runtime.id,
    apiVersion: 1,
    options,
    probe,
    async prepare(spec, run): Promise<Prepared> {
      await using undo = new AsyncDisposableStack();
      // What the last instance leaves empty; another preparation of the run may still use it.
      for (const folder of [runtimeFolder(runtime, run.runDir), runtimeRoot(runtime, run.runDir)]) {
        undo.defer(() => rmdir(folder).catch(() => {}));
        await mkdir(folder, { recursive: true, mode: 0o711 });
      }
      const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : undefined;
      const client = undo.use(bridgeClient(spec, run, bridge));
      const launcher = await prepareLauncher(run.stateDir, run.signal);
      const driver = cgroupDriver();
      const invocation = await runtime.invocation(driver, run);
      const place = { runtime, driver, invocation, launcher, bridge, client };
      const owned = undo.move();
      return {
        digest: spec.image.manifest.digest,
        distribution: async () => ({ tree: await compressedTreeBytes(spec.image) }),
        imagePaths: async () => [spec.image.tree],
        daemons: async () => [],
        start: (context, index, otherwise) => startContainer(spec, place, context, index, otherwise),
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
    sweep: (owner, context) => {
      const containers = sweepContainers(runtime);
      const folders = sweepFolders(runtime);
      return sweepAll([containers, sweepCgroups, sweepMounts, sweepVeths, sweepNetns, folders], owner, context);
    },
  });
}

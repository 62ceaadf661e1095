/**
 * A runner for tare that is not one of its own: the workload under bubblewrap, on an overlay over the image's tree, in cgroups
 * and a network namespace of its own.
 */
import { mkdir, rmdir } from 'node:fs/promises';
import {
  bridgeClient,
  compressedTreeBytes,
  defineRunner,
  optionOf,
  prepareLauncher,
  runBridge,
  runnerFolder,
  sweepAll,
  sweepCgroups,
  sweepFolders,
  sweepMounts,
  sweepNetns,
  sweepVeths,
} from 'tare/runner';
import { NEW_SESSION } from './options.js';
import { probe } from './probe.js';
import { ID, startBox } from './start.js';

export default defineRunner({
  id: ID,
  apiVersion: 1,
  options: [NEW_SESSION],
  probe,
  async prepare(spec, run) {
    await using undo = new AsyncDisposableStack();
    const folder = runnerFolder({ id: ID }, run.runDir);
    // What the last instance leaves empty; another preparation of the run may still use it.
    undo.defer(() => rmdir(folder).catch(() => {}));
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : undefined;
    const client = undo.use(bridgeClient(spec, run, bridge));
    const launcher = await prepareLauncher(run.stateDir, run.signal);
    const place = { launcher, bridge, client, newSession: optionOf(run, NEW_SESSION) === true };
    const owned = undo.move();
    return {
      digest: spec.image.manifest.digest,
      distribution: async () => ({ tree: await compressedTreeBytes(spec.image) }),
      imagePaths: async () => [spec.image.tree],
      daemons: async () => [],
      start: (context, index, options) => startBox(spec, place, context, index, options),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
  // Killing what runs in the cgroups comes first: it holds the mounts and the network.
  sweep: (owner, context) =>
    sweepAll([sweepCgroups, sweepMounts, sweepVeths, sweepNetns, sweepFolders({ id: ID })], owner, context),
});

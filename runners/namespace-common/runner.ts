import { mkdir, rmdir } from 'node:fs/promises';
import { defineRunner, type Prepared, type Runner } from '../../bench/model/runner.ts';
import { prepareLauncher } from '../../bench/proc/launcher.ts';
import { cgroupDriver, runtimeFolder } from '../oci/cli.ts';
import { sweepFolders, sweepVeths } from '../oci/runner.ts';
import { runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { compressedTreeBytes } from '../shared/distribution.ts';
import { type Sweep, sweepAll, sweepCgroups, sweepMounts, sweepNetns } from '../shared/sweep.ts';
import { prepareEnter } from './enter.ts';
import { startBox } from './instance.ts';
import type { BoxKind } from './kind.ts';

/** A runner of containers whose cgroups tare makes. @param more what else is to be swept. */
export function boxRunner(kind: BoxKind, probe: Runner['probe'], more: readonly Sweep[] = []): Runner {
  return defineRunner({
    id: kind.id,
    apiVersion: 1,
    probe,
    async prepare(spec, run): Promise<Prepared> {
      await using undo = new AsyncDisposableStack();
      // What the last instance leaves empty; another preparation of the run may still use it.
      const folder = runtimeFolder(kind, run.runDir);
      undo.defer(() => rmdir(folder).catch(() => {}));
      await mkdir(folder, { recursive: true, mode: 0o711 });
      const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : undefined;
      const client = undo.use(bridgeClient(spec, run, bridge));
      const launcher = await prepareLauncher(run.stateDir, run.signal);
      const enter = await prepareEnter(run.stateDir, run.signal);
      const place = { kind, driver: cgroupDriver(), launcher, enter, bridge, client };
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
    sweep: (owner, context) =>
      sweepAll([sweepCgroups, ...more, sweepMounts, sweepVeths, sweepNetns, sweepFolders(kind)], owner, context),
  });
}

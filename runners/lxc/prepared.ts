import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../../bench/image/folder.ts';
import type { InstanceSpec, Prepared, RunContext } from '../../bench/model/runner.ts';
import { prepareLauncher } from '../../bench/proc/launcher.ts';
import { runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import { LOCKS, lxcPath, removeLocks } from './cli.ts';
import { lxcHost } from './host.ts';
import { startContainer } from './instance.ts';
import type { LxcKind } from './kind.ts';
import { seccompText } from './seccomp.ts';

/** What all preparations of a runner in a run share: the lxcpath, with the filter in it that all containers may use. */
export interface LxcFolder {
  readonly path: string;
  readonly seccompFile: string;
}

const folders = new Refcounted<LxcFolder>();

/** Makes a runner's folder of a run, once for all of its preparations. */
export function useFolder(id: string, { runDir }: RunContext): Promise<Use<LxcFolder>> {
  const path = lxcPath(id, runDir);
  return folders.acquire(path, async (undo) => {
    undo.defer(() => removeLocks(path));
    undo.defer(() => removeFolder(path));
    await mkdir(path, { recursive: true, mode: 0o711 });
    // LXC would make it at the first start, and never remove it.
    await mkdir(join(LOCKS, path), { recursive: true, mode: 0o755 });
    const seccompFile = join(path, 'allowed.seccomp');
    await writeFile(seccompFile, seccompText());
    return { path, seccompFile };
  });
}

/** What is said of a preparation of containers. */
export type About = Pick<Prepared, 'digest' | 'distribution' | 'imagePaths'>;

/** Makes what else all containers of a kind share. @param undo what there is already; it goes with the preparation. */
export async function prepareContainers(
  kind: LxcKind,
  { spec, run }: { readonly spec: InstanceSpec; readonly run: RunContext },
  about: About,
  undo: AsyncDisposableStack,
): Promise<Prepared> {
  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : undefined;
  const client = undo.use(bridgeClient(spec, run, bridge));
  const launcher = await prepareLauncher(run.stateDir, run.signal);
  const place = { kind, host: lxcHost(), launcher, bridge, client };
  const owned = undo.move();
  return {
    ...about,
    daemons: async () => [],
    start: (context, index, options) => startContainer(spec, place, context, index, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

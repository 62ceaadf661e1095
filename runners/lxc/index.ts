import { INSIDE } from '../../bench/model/image.ts';
import { defineRunner, type Prepared } from '../../bench/model/runner.ts';
import { compressedTreeBytes } from '../shared/distribution.ts';
import { boxPlacement, probeArguments } from '../shared/inside.ts';
import { applicationLines } from './config.ts';
import { lxcHost } from './host.ts';
import type { LxcKind } from './kind.ts';
import { prepareContainers, useFolder } from './prepared.ts';
import { probeLxc } from './probe.ts';
import { sweepLxc } from './sweep.ts';

const ID = 'lxc';

/** LXC with the workload as a container's own program, under the probe as process 1, confined as Docker confines by default. */
export const lxcRunner = defineRunner({
  id: ID,
  apiVersion: 1,
  probe: (host) => probeLxc(host.stateDir),
  async prepare(spec, run): Promise<Prepared> {
    await using undo = new AsyncDisposableStack();
    const { value } = undo.use(await useFolder(ID, run));
    const host = lxcHost();
    const kind: LxcKind = {
      ...{ id: ID, tree: spec.image.tree, haltSignal: 'SIGTERM', announcements: ['exec', 'ready'] },
      init: [INSIDE.probe, ...probeArguments(spec.entry, boxPlacement(spec.entry))],
      console: ({ output }) => output,
      lines: () => applicationLines(value.seccompFile, host),
      logs: {},
    };
    const about = {
      digest: spec.image.manifest.digest,
      distribution: async () => ({ tree: await compressedTreeBytes(spec.image) }),
      imagePaths: async () => [spec.image.tree],
    };
    return await prepareContainers(kind, { spec, run }, about, undo);
  },
  sweep: (owner, context) => sweepLxc(ID, owner, context),
});

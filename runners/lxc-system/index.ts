import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../../bench/image/folder.ts';
import { shippedTreeBytes } from '../../bench/image/system/tree.ts';
import { INSIDE } from '../../bench/model/image.ts';
import { defineRunner, type Prepared } from '../../bench/model/runner.ts';
import { hasApparmorProfile } from '../lxc/host.ts';
import type { LxcKind } from '../lxc/kind.ts';
import { prepareContainers, useFolder } from '../lxc/prepared.ts';
import { sweepLxc } from '../lxc/sweep.ts';
import { cgroupVersion } from '../shared/cgroups.ts';
import { boxPlacement, probeArguments } from '../shared/inside.ts';
import { APPARMOR_PROFILE, systemLines } from './config.ts';
import { wholeTree } from './layer.ts';
import { probeSystem } from './probe.ts';
import { containerUnit } from './unit.ts';

const ID = 'lxc-system';

let units = 0;

/** LXC with a whole system inside: systemd as process 1, which starts the workload under the probe as a unit. */
export const lxcSystem = defineRunner({
  id: ID,
  apiVersion: 1,
  probe: (host) => probeSystem(host.stateDir),
  async prepare(spec, run): Promise<Prepared> {
    await using undo = new AsyncDisposableStack();
    const { image, entry } = spec;
    const system = await wholeTree(run.stateDir, image, run.signal);
    const { tree, manifest } = system;
    const { value } = undo.use(await useFolder(ID, run));
    const unitFile = join(value.path, `workload-${(units += 1)}.service`);
    const unit = containerUnit([INSIDE.probe, ...probeArguments(entry, boxPlacement(entry))]);
    undo.defer(() => removeFolder(unitFile));
    await writeFile(unitFile, unit);
    const host = { hasProfile: hasApparmorProfile(APPARMOR_PROFILE), cgroupVersion: cgroupVersion() ?? 1 } as const;
    const kind: LxcKind = {
      ...{ id: ID, tree, announcements: ['init', 'exec', 'ready'] },
      // In a container systemd takes these words for the kernel's command line: messages of what fails or is slow.
      init: ['/sbin/init', 'systemd.show_status=auto'],
      // What systemd takes for an order to halt.
      haltSignal: 'SIGRTMIN+3',
      console: (paths) => paths.console,
      lines: (paths) => systemLines(paths, unitFile, host),
      logs: { 'system.json': `${JSON.stringify(manifest, null, 2)}\n`, 'workload.service': unit },
    };
    const about = {
      digest: manifest.digest,
      distribution: async () => ({ tree: await shippedTreeBytes(system, run.signal) }),
      imagePaths: async () => [tree],
    };
    return await prepareContainers(kind, { spec, run }, about, undo);
  },
  sweep: (owner, context) => sweepLxc(ID, owner, context),
});

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineRunner, type RunContext } from '../../bench/model/runner.ts';
import type { Engine } from '../engine/engine.ts';
import { prepareEngine, sweepContainers } from '../engine/runner.ts';
import { seccompProfile } from '../oci/seccomp.ts';
import { macFor } from '../shared/bridge.ts';
import { optionOf } from '../shared/options.ts';
import { sweepAll } from '../shared/sweep.ts';
import { podmanCli, podmanFolder, podmanOfRun, RUNTIME } from './cli.ts';
import { likeDocker } from './like-docker.ts';
import { makePodmanNetwork, sweepPodmanNetworks } from './network.ts';
import { probePodman } from './probe.ts';

const REMOVAL = ['rm', '--force', '--time', '0', '--volumes'];

/** What it says of a program that is not there or cannot be run, and of a container that has ended. */
const NOT_RUN =
  /OCI runtime attempted to invoke a command that was not found|OCI permission denied|^Error: (?:can only create exec sessions|no such container|no container with)/m;

/** @param seccomp the file that the shared profile was written to. */
function podman(run: RunContext, seccomp: string): Engine {
  const cli = podmanOfRun(optionOf(run, RUNTIME), run.runDir);
  return {
    id: 'podman',
    cli,
    runWords: likeDocker(seccomp),
    // Docker makes the hardware address of the other as well: what a neighbour remembers of the last container still holds.
    addressWords: (address) => ['--ip', address, '--mac-address', macFor(address)],
    removal: REMOVAL,
    notRun: NOT_RUN,
    // Below crun's scope the processes have a cgroup of their own.
    cgroups: (id) => [
      `libpod_parent/libpod-${id}`,
      `machine.slice/libpod-${id}.scope/container`,
      `machine.slice/libpod-${id}.scope`,
    ],
    makeNetwork: (tag, shard, undo) => makePodmanNetwork(cli, run.runDir, { tag, shard }, undo),
  };
}

const sweepPodmanContainers = sweepContainers(
  { id: 'podman', cli: podmanCli(RUNTIME.default), removal: REMOVAL },
  (tag, { stateDir }) => {
    const runDir = join(stateDir, 'runs', tag);
    return existsSync(podmanFolder(runDir)) ? podmanOfRun(RUNTIME.default, runDir) : podmanCli(RUNTIME.default);
  },
);

/** A container by the `podman` CLI, root's own: an engine without a daemon. */
export const podmanRunner = defineRunner({
  id: 'podman',
  apiVersion: 1,
  options: [RUNTIME],
  probe: (host) => probePodman(host),
  async prepare(spec, run) {
    const folder = podmanFolder(run.runDir);
    await mkdir(folder, { recursive: true });
    const seccomp = join(folder, 'seccomp.json');
    await writeFile(seccomp, JSON.stringify(seccompProfile()));
    return prepareEngine(podman(run, seccomp), spec, run, []);
  },
  sweep: (owner, context) => sweepAll([sweepPodmanContainers, sweepPodmanNetworks], owner, context),
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineRunner, type OptionValue } from '../../bench/model/runner.ts';
import type { Engine } from '../engine/engine.ts';
import { engineSweeps, prepareEngine } from '../engine/runner.ts';
import { loadedApparmorProfile, openFilesLimit } from '../oci/config.ts';
import { seccompProfile } from '../oci/seccomp.ts';
import { optionOf } from '../shared/options.ts';
import { sweepAll } from '../shared/sweep.ts';
import { podmanCli, RUNTIME } from './cli.ts';
import { makePodmanNetwork, removePodmanNetwork } from './network.ts';
import { probePodman } from './probe.ts';

/** What Docker's default set has and Podman's has not. */
const CAPABILITIES = ['MKNOD', 'AUDIT_WRITE', 'NET_RAW'];

/**
 * Podman raises what a container may have of processes as far as it goes, which a root without CAP_SYS_RESOURCE may not: this much
 * every root may have, and no workload comes near.
 */
const PROCESSES = 32_768;

const REMOVAL = ['rm', '--force', '--time', '0', '--volumes'];

/** What makes Podman's containers like those of Docker. @param seccomp the file that the shared profile was written to. */
export function likeDocker(seccomp: string): readonly string[] {
  const apparmor = loadedApparmorProfile();
  const openFiles = openFilesLimit();
  return [
    ...['--cap-add', CAPABILITIES.join(), '--security-opt', `seccomp=${seccomp}`],
    ...(apparmor === undefined ? [] : ['--security-opt', `apparmor=${apparmor}`]),
    ...(openFiles === undefined ? [] : ['--ulimit', `nofile=${openFiles.soft}:${openFiles.hard}`]),
    ...['--ulimit', `nproc=${PROCESSES}:${PROCESSES}`, '--log-driver', 'k8s-file'],
  ];
}

function podman(runtime: OptionValue, seccomp: string): Engine {
  const cli = podmanCli(runtime);
  return {
    id: 'podman',
    cli,
    runWords: likeDocker(seccomp),
    removal: REMOVAL,
    notRun:
      /OCI runtime attempted to invoke a command that was not found|OCI permission denied|^Error: (?:can only create exec sessions|no such container|no container with)/m,
    // Below crun's scope the processes have a cgroup of their own.
    cgroups: (id) => [
      `libpod_parent/libpod-${id}`,
      `machine.slice/libpod-${id}.scope/container`,
      `machine.slice/libpod-${id}.scope`,
    ],
    makeNetwork: (tag, shard, undo) => makePodmanNetwork(cli, tag, shard, undo),
  };
}

/** A container by the `podman` CLI, root's own: an engine without a daemon. */
export const podmanRunner = defineRunner({
  id: 'podman',
  apiVersion: 1,
  options: [RUNTIME],
  probe: (host) => probePodman(host),
  async prepare(spec, run) {
    const profile = join(run.runDir, 'podman-seccomp.json');
    await writeFile(profile, JSON.stringify(seccompProfile()));
    return prepareEngine(podman(optionOf(run, RUNTIME), profile), spec, run, []);
  },
  sweep: (owner, context) => {
    const cli = podmanCli(RUNTIME.default);
    const sweeps = engineSweeps({ id: 'podman', cli, removal: REMOVAL }, (name) => removePodmanNetwork(cli, name));
    return sweepAll(sweeps, owner, context);
  },
});

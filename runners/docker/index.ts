import { defineRunner } from '../../bench/model/runner.ts';
import type { Engine } from '../engine/engine.ts';
import { prepareEngine, sweepContainers, sweepNetworks } from '../engine/runner.ts';
import { sweepAll } from '../shared/sweep.ts';
import { dockerCli } from './cli.ts';
import { makeDockerNetwork } from './network.ts';
import { probeDocker } from './probe.ts';

const DOCKER: Engine = {
  id: 'docker',
  cli: dockerCli,
  runWords: [],
  addressWords: (address) => ['--ip', address],
  removal: ['rm', '--force', '--volumes'],
  notRun: /^OCI runtime exec failed|^Error response from daemon/m,
  cgroups: (id) => [`docker/${id}`, `system.slice/docker-${id}.scope`],
  makeNetwork: makeDockerNetwork,
};

/** A container by the `docker` CLI and the engine that is there, as people start one. */
export const dockerRunner = defineRunner({
  id: 'docker',
  apiVersion: 1,
  probe: () => probeDocker(),
  prepare: (spec, run) => prepareEngine(DOCKER, spec, run, ['dockerd', 'containerd']),
  sweep: (owner, context) => sweepAll([sweepContainers(DOCKER), sweepNetworks(DOCKER)], owner, context),
});

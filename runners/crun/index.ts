import { ociRunner } from '../oci/runner.ts';
import { probeCrun } from './probe.ts';
import { CRUN } from './runtime.ts';

/** crun, which Podman starts its containers with on most distributions, without an engine. */
export const crunRunner = ociRunner(CRUN, { probe: (host) => probeCrun(host.stateDir) });

import { ociRunner } from '../oci/runner.ts';
import { probeRunc } from './probe.ts';
import { RUNC } from './runtime.ts';

/** runc, which Docker starts its containers with, without an engine. */
export const runcRunner = ociRunner(RUNC, { probe: (host) => probeRunc(host.stateDir) });

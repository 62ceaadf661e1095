import { ociRunner } from '../oci/runner.ts';
import { probeRunc, RUNC } from './probe.ts';

/** runc, which Docker starts its containers with, without an engine. */
export const runcRunner = ociRunner(RUNC, (host) => probeRunc(host.stateDir));

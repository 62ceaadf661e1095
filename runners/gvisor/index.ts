import { ociRunner } from '../oci/runner.ts';
import { PLATFORM } from './options.ts';
import { probeGvisor } from './probe.ts';
import { GVISOR } from './runtime.ts';

/** gVisor's runsc: a kernel in user space between the workload and the host's, from an OCI bundle and without an engine. */
export const gvisorRunner = ociRunner(GVISOR, { probe: probeGvisor, options: [PLATFORM] });

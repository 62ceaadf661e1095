import { boxRunner } from '../namespace-common/runner.ts';
import { NSPAWN, sweepPropagation } from './kind.ts';
import { probeNspawn } from './probe.ts';

/** systemd's own containers, on the same overlay and network as runc's. */
export const nspawnRunner = boxRunner(NSPAWN, (host) => probeNspawn(host.stateDir), [sweepPropagation]);

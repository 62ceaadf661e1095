import { boxRunner } from '../namespace-common/runner.ts';
import { NAMESPACE } from './kind.ts';
import { probeNamespace } from './probe.ts';

/** Docker's kind of container by the tools of util-linux and nothing else: the floor of what one costs. */
export const namespaceRunner = boxRunner(NAMESPACE, (host) => probeNamespace(host.stateDir));

import { ConfigError } from '../errors.ts';
import type { Workload } from '../model/workload.ts';
import { fioWorkload } from './fio.ts';
import type { WorkloadOptions } from './measuring.ts';
import { memcachedWorkload } from './memcached.ts';
import { redisWorkload } from './redis.ts';
import { sysbenchWorkload } from './sysbench.ts';
import { shippedSuite } from './tinybench.ts';

const WORKLOADS: Readonly<Record<string, (options: WorkloadOptions) => Workload>> = {
  redis: redisWorkload,
  memcached: memcachedWorkload,
  sysbench: sysbenchWorkload,
  fio: fioWorkload,
  tinybench: ({ operationTimeMs }) => shippedSuite(operationTimeMs),
};

/** Ids of every built-in workload. */
export const WORKLOAD_IDS: readonly string[] = Object.keys(WORKLOADS);

/** A built-in workload; tinybench with the suite that tare ships. @throws ConfigError `UNKNOWN_WORKLOAD`. */
export function workloadOf(id: string, options: WorkloadOptions): Workload {
  const make = Object.hasOwn(WORKLOADS, id) ? WORKLOADS[id] : undefined;
  if (make) return make(options);
  throw new ConfigError('UNKNOWN_WORKLOAD', `there is no workload "${id}"`, {
    hint: `known: ${WORKLOAD_IDS.join(', ')}`,
  });
}

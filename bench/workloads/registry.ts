import { ConfigError } from '../errors.ts';
import type { Workload } from '../model/workload.ts';
import { redis } from './redis.ts';

const WORKLOADS: readonly Workload[] = [redis];

/** Ids of every built-in workload. */
export const WORKLOAD_IDS: readonly string[] = WORKLOADS.map((workload) => workload.id);

/** @throws ConfigError `UNKNOWN_WORKLOAD`. */
export function workloadOf(id: string): Workload {
  const found = WORKLOADS.find((workload) => workload.id === id);
  if (found) return found;
  throw new ConfigError('UNKNOWN_WORKLOAD', `there is no workload "${id}"`, {
    hint: `known: ${WORKLOAD_IDS.join(', ')}`,
  });
}

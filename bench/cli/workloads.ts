import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { RunWorkloads } from '../experiments/registry.ts';
import type { Workload } from '../model/workload.ts';
import { workloadOf } from '../workloads/registry.ts';
import { tinybenchWorkload } from '../workloads/tinybench.ts';
import { loadUserWorkload } from '../workloads/user.ts';
import { isWorkloadFile } from './run-config.ts';

async function one(name: string, config: Config, signal: AbortSignal): Promise<Workload> {
  if (isWorkloadFile(name)) return loadUserWorkload(resolve(name));
  const { suite, operationTime } = config.throughput;
  if (name !== 'tinybench') return workloadOf(name, { operationTimeMs: operationTime });
  return await tinybenchWorkload({ suite, operationTimeMs: operationTime, signal });
}

/**
 * The programs of a run. A file of the user's own is the application whose start, disk use and number are measured, and the
 * only program of the throughput experiment.
 * @throws ConfigError `UNKNOWN_WORKLOAD`, `NOTHING_TO_MEASURE`, or what is wrong with a file.
 */
export async function resolveWorkloads(config: Config, signal: AbortSignal): Promise<RunWorkloads> {
  const main = await one(config.workload, config, signal);
  if (!config.experiments.includes('throughput')) return { main, throughput: [] };
  const throughput: Workload[] = [];
  const names = isWorkloadFile(config.workload) ? [] : config.throughput.workloads;
  for (const name of names) throughput.push(name === main.id ? main : await one(name, config, signal));
  if (names.length === 0) throughput.push(main);
  const idle = throughput.find(({ measurements }) => measurements.length === 0);
  if (!idle) return { main, throughput };
  throw new ConfigError('NOTHING_TO_MEASURE', `the workload "${idle.id}" says nothing that throughput could measure`, {
    hint: 'give it measurements, or leave throughput out: --experiments startup,disk,density',
  });
}

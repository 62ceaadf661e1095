import { planCpusHere } from '../host/placement.ts';
import { buildImage } from '../image/build.ts';
import type { InstanceSpec, RunContext } from '../model/runner.ts';
import { OUTSIDE_VARIABLE } from '../../runners/contract.ts';
import { redis } from '../workloads/redis.ts';
import type { Ownership } from './ownership.ts';

/** From t0 until `ready`: a runner may be slow, emulated on a loaded machine above all. */
const START_TIMEOUT_MS = 10 * 60_000;

/**
 * What the conformance suite tries a runner with: one image, Redis, one CPU and little memory. Marks tare's own environment, for one
 * of the rules.
 */
export async function subjectParts(
  { owner, runDir }: Ownership,
  stateDir: string,
  signal: AbortSignal,
  onProgress: (message: string) => void = () => {},
): Promise<{ readonly run: RunContext; readonly spec: InstanceSpec }> {
  process.env[OUTSIDE_VARIABLE] = '1';
  const image = await buildImage({ stateDir, signal, onProgress });
  const { instance: cpus, client: clientCpus } = planCpusHere({ instanceCpus: 1, clientCpus: null });
  return {
    run: { owner, stateDir, runDir, accel: 'auto', signal, startTimeoutMs: START_TIMEOUT_MS },
    spec: {
      ...{ image, entry: redis.entry, cpus, clientCpus, memoryBytes: 256 * 2 ** 20 },
      ...({ diskCache: 'none', network: 'bridge' } as const),
    },
  };
}

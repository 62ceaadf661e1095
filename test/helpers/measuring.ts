import type { Instance, Runner } from '../../bench/model/runner.ts';
import type { Flavour, Measurement, Readings, Workload } from '../../bench/model/workload.ts';
import type { ExecutionContext } from 'ava';
import { buildImage } from '../../bench/image/build.ts';
import type { Image } from '../../bench/model/image.ts';
import { STATE } from './probe-box.ts';
import { realRun } from './real-run.ts';

/** The image that this checkout's recipe makes in a flavour; built where it is missing. */
export function flavoured(flavour: Flavour): Promise<Image> {
  return buildImage({ stateDir: STATE, flavour, signal: new AbortController().signal, onProgress: () => {} });
}

async function call(instance: Instance, { argv, input }: ReturnType<Measurement['call']>, timeoutMs: number) {
  const result = await instance.exec(argv, { timeoutMs, ...(input === undefined ? {} : { input }) });
  if (result.exitCode === 0) return result.stdout;
  throw new RangeError(`${argv[0]} ended with ${result.exitCode}: ${result.stderr}`);
}

/** One operation of every measurement of one workload whose client is inside. */
async function measure(instance: Instance, { measurements }: Workload): Promise<Readings> {
  const { placement } = instance;
  const readings: Record<string, readonly number[]> = {};
  for (const measurement of measurements.filter(({ client }) => client === 'inside')) {
    const { timeoutMs } = measurement;
    for (const step of measurement.prepare?.(placement) ?? []) await call(instance, step, timeoutMs);
    const stdout = await call(instance, measurement.call({ placement, address: '127.0.0.1' }), timeoutMs);
    Object.assign(readings, measurement.parse(stdout));
  }
  return readings;
}

/** What each workload reads, one after another in one instance of the first one's. */
export async function measureOnce(
  t: ExecutionContext,
  runner: Runner,
  workloads: readonly [Workload, ...Workload[]],
): Promise<readonly Readings[]> {
  const [{ entry, flavour }] = workloads;
  const image = await flavoured(flavour);
  const real = await realRun(t, { image, entry, memoryBytes: 512 * 2 ** 20, network: 'none' });
  const { spec } = real;
  // An emulated guest on a busy host boots for longer than half a minute.
  const run = { ...real.run, startTimeoutMs: 120_000 };
  await using prepared = await runner.prepare(spec, run);
  await using instance = await prepared.start(run, 0);
  const readings: Readings[] = [];
  for (const workload of workloads) readings.push(await measure(instance, workload));
  return readings;
}

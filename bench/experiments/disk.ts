import { UnsupportedError, WorkloadError } from '../errors.ts';
import { allocatedBytes, assessableFileSystem, syncFileSystem } from '../image/usage.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import type { Metric } from '../model/metric.ts';
import type { Instance } from '../model/runner.ts';
import type { Workload } from '../model/workload.ts';
import { inParallel, mapInParallel } from '../proc/parallel.ts';
import { leastSquaresSlope, type RampPoint } from '../stats/slope.ts';
import { disposeAll } from './dispose.ts';

/** Instances of one ramp: the slope needs at least five. */
export const RAMP = 5;
const COMMAND_TIMEOUT_MS = 120_000;

function size(id: string, title: string): Metric {
  return { id, title, unit: 'bytes', better: 'lower', primary: false, assessableEmulated: true };
}

const METRICS: readonly Metric[] = [
  size('distribution', 'compressed bytes to ship'),
  size('image', 'allocated for the first instance, without its own data'),
  size('marginal-ready', 'added by each further instance, when ready'),
];

/** Only of a workload that has a data set. */
const WITH_DATA = size('marginal-data', 'added by each further instance, after a fixed data set was saved');

async function runInside(instance: Instance, argv: readonly string[]): Promise<void> {
  const result = await instance.exec(argv, { timeoutMs: COMMAND_TIMEOUT_MS });
  if (result.exitCode !== 0) {
    throw new WorkloadError('INSIDE_FAILED', `${argv[0]} inside the instance ended with ${result.exitCode}`);
  }
}

/** Inside every instance, with this much at a time, and then outside. */
async function syncAll(instances: readonly Instance[], concurrency: number): Promise<void> {
  await inParallel(instances, concurrency, (instance) => runInside(instance, ['/bin/sync']));
  for (const path of instances.flatMap((instance) => instance.diskPaths())) await syncFileSystem(path);
}

/**
 * The slope of total bytes over 0 … RAMP instances, after sync inside and outside. What they share counts once; what lies on
 * a disk that they share is counted there.
 */
async function slopeOver(image: readonly string[], instances: readonly Instance[]): Promise<number> {
  let elsewhere = 0;
  const points: RampPoint[] = [{ count: 0, bytes: await allocatedBytes(image) }];
  for (const [at, instance] of instances.entries()) {
    const started = instances.slice(0, at + 1);
    elsewhere += (await instance.diskBytes?.()) ?? 0;
    const own = await allocatedBytes([...image, ...started.flatMap((one) => one.diskPaths())]);
    points.push({ count: started.length, bytes: own + elsewhere });
  }
  return leastSquaresSlope(points).perInstance;
}

/** @throws UnsupportedError `FILE_SYSTEM` where allocated bytes mean something else. */
async function requireAssessable(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const judged = await assessableFileSystem(path);
    if (!judged.ok) {
      throw new UnsupportedError('FILE_SYSTEM', `${path}: ${judged.reason}`, {
        hint: "put the state folder (--state) and the engine's data on ext4 or xfs",
      });
    }
  }
}

async function ramp(subject: Subject): Promise<void> {
  const image = await subject.prepared.imagePaths();
  await requireAssessable(image);
  subject.record('image', await allocatedBytes(image));
  const asked = subject.workload.fillBytes > 0 ? ['marginal-ready', 'marginal-data'] : ['marginal-ready'];
  const started: Instance[] = [];
  await using stack = new AsyncDisposableStack();
  stack.defer(() => disposeAll(started));
  // Nothing here is timed, so that the instances may start side by side, each on CPUs of its own.
  const { spread } = subject;
  const instances = await mapInParallel(Array.from({ length: RAMP }), spread.length, async (_, worker) => {
    const cpus = spread[worker];
    const instance = await subject.start(asked, cpus === undefined ? {} : { cpus });
    started.push(instance);
    // What cannot say where its data is says so here, before there are more of it.
    instance.diskPaths();
    return instance;
  });
  try {
    await syncAll(instances, spread.length);
    subject.record('marginal-ready', await slopeOver(image, instances));
  } catch (error) {
    return subject.fail('measure', asked, error);
  }
  if (subject.workload.fillBytes === 0) return;
  try {
    await inParallel(instances, spread.length, async (instance) => {
      for (const argv of subject.workload.fill(instance.placement)) await runInside(instance, argv);
    });
    await syncAll(instances, spread.length);
    subject.record('marginal-data', await slopeOver(image, instances));
  } catch (error) {
    subject.fail('measure', ['marginal-data'], error);
  }
}

/** Allocated bytes of named paths: what is shipped, what the first instance needs, what each further one adds. */
export function diskExperiment(options: { readonly workload: Workload; readonly rampBlocks: number }): Experiment {
  return {
    id: 'disk',
    title: 'Disk',
    workload: options.workload,
    metrics: options.workload.fillBytes > 0 ? [...METRICS, WITH_DATA] : METRICS,
    pilotBlocks: 0,
    fixedBlocks: options.rampBlocks,
    emulatedToo: true,
    share: 8,
    async measure(subject) {
      const parts = await subject.prepared.distribution();
      subject.record(
        'distribution',
        Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
      );
      await ramp(subject);
    },
  };
}

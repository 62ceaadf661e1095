import { UnsupportedError, WorkloadError } from '../errors.ts';
import { allocatedBytes, assessableFileSystem, syncFileSystem } from '../image/usage.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import type { Metric } from '../model/metric.ts';
import type { Instance } from '../model/runner.ts';
import { leastSquaresSlope, type RampPoint } from '../stats/slope.ts';

/** Instances of one ramp: the slope needs at least five. */
const RAMP = 5;
const COMMAND_TIMEOUT_MS = 120_000;

function size(id: string, title: string): Metric {
  return { id, title, unit: 'bytes', better: 'lower', primary: false, assessableEmulated: true };
}

const METRICS: readonly Metric[] = [
  size('distribution', 'compressed bytes to ship'),
  size('image', 'allocated for the first instance, without its own data'),
  size('marginal-ready', 'added by each further instance, when ready'),
  size('marginal-data', 'added by each further instance, after a fixed data set was saved'),
];

async function runInside(instance: Instance, argv: readonly string[]): Promise<void> {
  const result = await instance.exec(argv, { timeoutMs: COMMAND_TIMEOUT_MS });
  if (result.exitCode !== 0) {
    throw new WorkloadError('INSIDE_FAILED', `${argv[0]} inside the instance ended with ${result.exitCode}`);
  }
}

/** Bytes allocated by the image and these instances together, after sync inside and outside; what is shared counts once. */
async function allocatedBy(image: readonly string[], instances: readonly Instance[]): Promise<number> {
  const paths = [...image, ...instances.flatMap((instance) => instance.diskPaths())];
  return await allocatedBytes(paths);
}

async function syncAll(instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    await runInside(instance, ['/bin/sync']);
    for (const path of instance.diskPaths()) await syncFileSystem(path);
  }
}

/** The slope of total bytes over 0 … RAMP instances. */
async function slopeOver(image: readonly string[], instances: readonly Instance[]): Promise<number> {
  const points: RampPoint[] = [];
  for (let count = 0; count <= instances.length; count += 1) {
    points.push({ count, bytes: await allocatedBy(image, instances.slice(0, count)) });
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
  await using stack = new AsyncDisposableStack();
  const instances: Instance[] = [];
  for (let count = 0; count < RAMP; count += 1) {
    instances.push(stack.use(await subject.start(['marginal-ready', 'marginal-data'])));
  }
  try {
    await syncAll(instances);
    subject.record('marginal-ready', await slopeOver(image, instances));
  } catch (error) {
    return subject.fail('measure', ['marginal-ready', 'marginal-data'], error);
  }
  try {
    for (const instance of instances) {
      for (const argv of subject.workload.fill(instance.placement)) await runInside(instance, argv);
    }
    await syncAll(instances);
    subject.record('marginal-data', await slopeOver(image, instances));
  } catch (error) {
    subject.fail('measure', ['marginal-data'], error);
  }
}

/** Allocated bytes of named paths: what is shipped, what the first instance needs, what each further one adds. */
export function diskExperiment(options: { readonly rampBlocks: number }): Experiment {
  return {
    id: 'disk',
    title: 'Disk',
    metrics: METRICS,
    pilotBlocks: 0,
    fixedBlocks: options.rampBlocks,
    async measure(subject) {
      if (subject.block === 0) {
        const parts = await subject.prepared.distribution();
        subject.record(
          'distribution',
          Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
        );
      }
      await ramp(subject);
    },
  };
}

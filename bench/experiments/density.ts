import type { Config } from '../config/schema.ts';
import { WorkloadError } from '../errors.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import type { Metric } from '../model/metric.ts';
import type { Workload } from '../model/workload.ts';
import { leastSquaresSlope, type Slope } from '../stats/slope.ts';
import { type RampHost, thisHost } from './density/host.ts';
import { memoryRoom } from './density/outlook.ts';
import { runRamp, type RampResult } from './density/ramp.ts';

type Arm = Config['density']['arms'][number];

/** Without a data set there is nothing to load. */
export function armsOf({ arms }: Pick<Config['density'], 'arms'>, { fillBytes }: Workload): readonly Arm[] {
  return arms.filter((arm) => arm === 'idle' || fillBytes > 0);
}

/** Most instances of one ramp. */
export function ceilingOf(density: Config['density'], arm: Arm, isVm: boolean): number {
  const most = arm === 'loaded' ? density.loaded : density;
  return isVm ? Math.min(most.vms, density.vms) : Math.min(most.containers, density.containers);
}

export interface DensityOptions {
  readonly config: Pick<Config, 'density' | 'instance' | 'state'>;
  readonly workload: Workload;
  /** The host as the ramp sees it; this one where it is not given. */
  readonly host?: RampHost;
}

function metricsOf(arm: Arm): readonly Metric[] {
  const metric = (id: string, title: string, unit: 'count' | 'bytes', better: 'higher' | 'lower'): Metric => {
    return { id: `${id}-${arm}`, title: `${title}, ${arm}`, unit, better, primary: false, assessableEmulated: false };
  };
  return [
    metric('achieved', 'instances alive at the last step that passed every rule', 'count', 'higher'),
    metric('memory', "host's memory that each further instance takes", 'bytes', 'lower'),
    metric('projected', "instances that the host's memory would hold by that, never started", 'count', 'higher'),
  ];
}

/** @throws WorkloadError `NO_VALUES` with fewer than two steps, `NO_SLOPE` where the memory did not grow. */
function slopeOf({ points }: RampResult): Slope {
  const slope = leastSquaresSlope(points);
  if (slope.perInstance > 0) return slope;
  throw new WorkloadError(
    'NO_SLOPE',
    'the memory in use did not grow with the instances: the host is not quiet enough',
    {
      hint: 'let the ramp go higher (density.containers, density.vms), or stop what else runs',
    },
  );
}

/** What a ramp says. What was achieved and what is only projected from it are two metrics, and stay two. */
function record(subject: Subject, arm: Arm, result: RampResult): void {
  const last = result.points.at(-1);
  if (!last || !result.memory) return;
  subject.record(`achieved-${arm}`, last.count);
  try {
    const { perInstance } = slopeOf(result);
    subject.record(`memory-${arm}`, perInstance);
    const more = memoryRoom(result.memory.availableBytes, result.floorBytes, perInstance);
    subject.record(`projected-${arm}`, last.count + more);
  } catch (error) {
    subject.fail('measure', [`memory-${arm}`, `projected-${arm}`], error);
  }
}

async function measureArm(subject: Subject, arm: Arm, host: RampHost, options: DensityOptions): Promise<void> {
  const { density, instance } = options.config;
  const isVm = subject.capabilities.isolation === 'vm';
  const result = await runRamp(subject, host, {
    arm,
    ceiling: ceilingOf(density, arm, isVm),
    slowdown: density.slowdown,
    timeMs: density.rampTime,
    assumedBytes: isVm ? instance.memory : 0,
    metrics: metricsOf(arm).map(({ id }) => id),
  });
  record(subject, arm, result);
}

/** How many instances the host holds, and what each of them takes of its memory. One block is one ramp for each arm. */
export function densityExperiment(options: DensityOptions): Experiment {
  const { config, workload } = options;
  const arms = armsOf(config.density, workload);
  return {
    id: 'density',
    title: 'Density',
    workload,
    metrics: arms.flatMap(metricsOf),
    pilotBlocks: 0,
    fixedBlocks: config.density.ramps,
    emulatedToo: true,
    share: 4,
    async measure(subject) {
      const host = options.host ?? thisHost(config.state);
      for (const arm of arms) await measureArm(subject, arm, host, options);
    },
  };
}

import type { Config } from '../../config/schema.ts';
import { armsOf, ceilingOf } from '../../experiments/density.ts';
import { RAMP } from '../../experiments/disk.ts';
import type { Experiment } from '../../model/experiment.ts';
import type { Capabilities } from '../../model/runner.ts';
import { takesEveryTurn } from '../../plan.ts';

/** What one runner starts in one experiment. */
export interface PlannedInstances {
  readonly runner: string;
  readonly pilotBlocks: number;
  /** The most measured blocks in which it has its turn; the pilot and the budget may leave fewer. */
  readonly measuredBlocks: number;
  /** Instances at most, over all blocks. */
  readonly instances: number;
  /** Instances at most that live at the same time. */
  readonly atOnce: number;
}

export interface PlannedWork {
  readonly experiment: string;
  readonly workload: string;
  readonly runners: readonly PlannedInstances[];
}

export interface ExpectedRunner {
  readonly as: string;
  readonly capabilities: Pick<Capabilities, 'isolation' | 'accelerator'>;
}

type Counts = Pick<Config, 'density' | 'maxBlocks' | 'emulatedBlocks'>;

/** How many instances one turn starts and how many of them live at once; one after the other for most experiments. */
function ofOneTurn({ id, workload }: Experiment, runner: ExpectedRunner, { density }: Counts) {
  if (id === 'disk') return { started: RAMP, atOnce: RAMP };
  if (id !== 'density') return { started: 1, atOnce: 1 };
  const ceilings = armsOf(density, workload).map((arm) => {
    return ceilingOf(density, arm, runner.capabilities.isolation === 'vm');
  });
  return { started: ceilings.reduce((sum, ceiling) => sum + ceiling, 0), atOnce: Math.max(...ceilings) };
}

function ofRunner(experiment: Experiment, runner: ExpectedRunner, always: boolean, counts: Counts): PlannedInstances {
  const most = experiment.fixedBlocks ?? counts.maxBlocks;
  const pilotBlocks = always ? experiment.pilotBlocks : 0;
  const emulatedBlocks = experiment.emulatedToo ? counts.emulatedBlocks : 0;
  const measuredBlocks = always ? most : Math.min(most, emulatedBlocks);
  const { started, atOnce } = ofOneTurn(experiment, runner, counts);
  const instances = (pilotBlocks + measuredBlocks) * started;
  return { runner: runner.as, pilotBlocks, measuredBlocks, instances, atOnce };
}

/** The most that each runner starts in an experiment. Pure. */
export function plannedWork(experiment: Experiment, runners: readonly ExpectedRunner[], counts: Counts): PlannedWork {
  const regular = runners.filter(({ capabilities }) => takesEveryTurn(experiment, capabilities.accelerator));
  // Emulated runners alone take every turn, as in a run.
  const always = regular.length > 0 ? regular : runners;
  return {
    experiment: experiment.id,
    workload: experiment.workload.id,
    runners: runners.map((runner) => ofRunner(experiment, runner, always.includes(runner), counts)),
  };
}

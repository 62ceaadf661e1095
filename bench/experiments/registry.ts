import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Experiment } from '../model/experiment.ts';
import type { Workload } from '../model/workload.ts';
import { aaExperiment, injectExperiment } from './calibration.ts';
import { densityExperiment } from './density.ts';
import { diskExperiment } from './disk.ts';
import { startupExperiment } from './startup.ts';
import { throughputExperiment } from './throughput.ts';

/** The programs of a run. */
export interface RunWorkloads {
  /** The application whose start, disk use and number are measured. */
  readonly main: Workload;
  /** What the throughput experiment measures, in order. */
  readonly throughput: readonly Workload[];
}

type Make = (config: Config, workloads: RunWorkloads) => readonly Experiment[];

const EXPERIMENTS: Readonly<Record<string, Make>> = {
  startup: ({ pilotBlocks, stopTimeout }, { main }) => [
    startupExperiment({ workload: main, pilotBlocks, stopTimeoutMs: stopTimeout }),
  ],
  cold: ({ pilotBlocks, stopTimeout }, { main }) => [
    startupExperiment({ workload: main, pilotBlocks, stopTimeoutMs: stopTimeout, cold: true }),
  ],
  disk: ({ rampBlocks }, { main }) => [diskExperiment({ workload: main, rampBlocks })],
  throughput: ({ pilotBlocks, throughput: { blocks, emulated } }, { main, throughput }) => {
    const shown = throughput.includes(main) ? main : throughput[0];
    return throughput.map((workload) =>
      throughputExperiment({
        workload,
        pilotBlocks,
        fixedBlocks: blocks,
        emulatedToo: emulated === 'all' || workload === shown,
      }),
    );
  },
  density: (config, { main }) => [densityExperiment({ config, workload: main })],
  aa: ({ calibration: { gates, gateBlocks } }, { main }) => [aaExperiment({ workload: main, gates, gateBlocks })],
  inject: ({ calibration }, { main }) => [injectExperiment({ workload: main, ...calibration })],
};

/** Ids of every built-in experiment. */
export const EXPERIMENT_IDS: readonly string[] = Object.keys(EXPERIMENTS);

/** The procedures of one experiment: one for each workload that it measures. @throws ConfigError `UNKNOWN_EXPERIMENT`. */
export function experimentsOf(id: string, config: Config, workloads: RunWorkloads): readonly Experiment[] {
  const make = EXPERIMENTS[id];
  if (make) return make(config, workloads);
  throw new ConfigError('UNKNOWN_EXPERIMENT', `there is no experiment "${id}"`, {
    hint: `known: ${EXPERIMENT_IDS.join(', ')}`,
  });
}

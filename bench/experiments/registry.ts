import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Experiment } from '../model/experiment.ts';
import { diskExperiment } from './disk.ts';
import { startupExperiment } from './startup.ts';

const EXPERIMENTS: Readonly<Record<string, (config: Config) => Experiment>> = {
  startup: (config) => startupExperiment({ pilotBlocks: config.pilotBlocks, stopTimeoutMs: config.stopTimeout }),
  disk: (config) => diskExperiment({ rampBlocks: config.rampBlocks }),
};

/** Ids of every built-in experiment. */
export const EXPERIMENT_IDS: readonly string[] = Object.keys(EXPERIMENTS);

/** @throws ConfigError `UNKNOWN_EXPERIMENT`. */
export function experimentOf(id: string, config: Config): Experiment {
  const make = EXPERIMENTS[id];
  if (make) return make(config);
  throw new ConfigError('UNKNOWN_EXPERIMENT', `there is no experiment "${id}"`, {
    hint: `known: ${EXPERIMENT_IDS.join(', ')}`,
  });
}

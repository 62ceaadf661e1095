import { withOptions } from '../config/runner-options.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { ChosenRunner } from '../execute/active.ts';
import { builtIn, RUNNERS } from '../../runners/registry.ts';
import { loadOwnRunner } from './own-runner.ts';

export interface Choice {
  readonly chosen: readonly ChosenRunner[];
  /** Absolute paths of the modules that were loaded for it. */
  readonly files: readonly string[];
}

/** Names every built-in runner where a list of runners is asked for. */
export const ALL_RUNNERS = 'all';

function idsOf(runners: Config['runners']): Config['runners'] {
  return runners.flatMap((one) => (one === ALL_RUNNERS ? RUNNERS.map(({ id }) => id) : [one]));
}

function refuseStrangers(options: Config['options'], chosen: readonly ChosenRunner[]): void {
  const known = new Set([...RUNNERS, ...chosen.map(({ runner }) => runner)].map(({ id }) => id));
  const stranger = Object.keys(options).find((id) => !known.has(id));
  if (stranger === undefined) return;
  throw new ConfigError('UNKNOWN_RUNNER', `options are given for "${stranger}", and there is no such runner`, {
    hint: `known: ${[...known].join(', ')}`,
  });
}

/**
 * The runners that a configuration names, somebody's own loaded, each with its options.
 * @throws ConfigError `UNKNOWN_RUNNER`, `DUPLICATE_RUNNER`, `UNKNOWN_OPTION`, `BAD_OPTION`, `NO_MODULE`, `BAD_MODULE`.
 */
export async function chooseRunners({ runners, options }: Pick<Config, 'runners' | 'options'>): Promise<Choice> {
  const chosen: ChosenRunner[] = [];
  const files: string[] = [];
  for (const one of idsOf(runners)) {
    if (typeof one === 'string') {
      const runner = builtIn(one);
      chosen.push({ runner, options: withOptions(runner, options[one] ?? {}) });
      continue;
    }
    const { runner, module, file } = await loadOwnRunner(one);
    if (RUNNERS.some(({ id }) => id === runner.id)) {
      throw new ConfigError('DUPLICATE_RUNNER', `${one.use} calls itself ${runner.id}, as a runner of tare's own does`);
    }
    files.push(file);
    chosen.push({ runner, module, options: withOptions(runner, { ...one.options, ...options[runner.id] }) });
  }
  const twice = chosen.find(({ runner }, at) => chosen.findIndex((other) => other.runner.id === runner.id) !== at);
  if (twice) throw new ConfigError('DUPLICATE_RUNNER', `the runner ${twice.runner.id} is named twice`);
  refuseStrangers(options, chosen);
  return { chosen, files };
}

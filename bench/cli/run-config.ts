import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { resolveConfig } from '../config/load.ts';
import type { Config, OwnRunner } from '../config/schema.ts';
import { ConfigError, messageOf } from '../errors.ts';
import { parseCpuList } from '../host/cpus.ts';
import { exec } from '../proc/exec.ts';
import { ALL_RUNNERS } from './choose-runners.ts';

/** What the command line of a run can say about its configuration. */
export interface ConfigFlags {
  readonly config?: string;
  readonly profile?: string;
  readonly runners?: string;
  readonly experiments?: string;
  readonly workload?: string;
  readonly suite?: string;
  readonly cpus?: string;
  readonly clientCpus?: string;
  readonly vmImage?: string;
  readonly accel?: string;
  readonly budget?: string;
  readonly seed?: string;
  readonly out?: string;
  readonly state?: string;
  readonly tune?: boolean;
  readonly set: readonly string[];
}

function list(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((item) => item.trim());
}

/** What is no id of a built-in runner is a module of somebody's. */
function runnerOf(name: string): string | OwnRunner {
  return /^[a-z][a-z0-9-]*$/.test(name) ? name : { use: name };
}

/** Whether the command line names its runners one by one. */
export function namesRunners({ runners }: Pick<ConfigFlags, 'runners'>): boolean {
  return runners !== undefined && !list(runners)?.includes(ALL_RUNNERS);
}

function cpuList(flag: string, text: string): readonly number[] {
  const cpus = parseCpuList(text);
  if (cpus.length > 0) return cpus;
  throw new ConfigError('BAD_CPU_LIST', `${flag} names no CPU`, { hint: `for example ${flag} 2-3` });
}

/** A plain number says how many, anything else which: `2`, `2-3`, `0,4`. @throws ConfigError `BAD_CPU_LIST`. */
export function parseCpus(text: string): number | readonly number[] {
  return /^[1-9]\d*$/.test(text.trim()) ? Number(text) : cpuList('--cpus', text);
}

/** @throws ConfigError `NO_FILE` where it is no file that this user may read. */
function requireFile(what: string, path: string): string {
  try {
    if (!statSync(path).isFile()) throw new ConfigError('NO_FILE', `${what}: ${path} is no file`);
    accessSync(path, constants.R_OK);
    return path;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError('NO_FILE', `${what}: ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** A workload of the user's own is a file of this kind; anything else is the id of a built-in one. */
export function isWorkloadFile(workload: string): boolean {
  return /\.ya?ml$/.test(workload);
}

/** A file, or a file of a revision as git names it: `HEAD~1:lab.yaml`. */
async function readConfigOf(source: string): Promise<{ readonly name: string; readonly text: string }> {
  if (existsSync(source) || !source.includes(':')) return readConfigFile(source);
  try {
    return { name: source, text: (await exec(['git', 'show', source], { cwd: process.cwd() })).stdout };
  } catch (cause) {
    throw new ConfigError('NO_CONFIG', `${source} is neither a file nor one of a revision: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Settings in which the two sides of a run may differ: what an instance is, not how it is measured. */
const OF_INSTANCES = ['instance', 'vmImage', 'options'];

/**
 * The configuration that a run is held against: a file, with those flags that say how to measure.
 * @throws ConfigError `AGAINST_DIFFERS` where it measures something else than the run does.
 */
export async function baselineConfig(source: string, flags: ConfigFlags, config: Config): Promise<Config> {
  const { profile, runners, experiments, budget, seed, out, state, accel, tune } = flags;
  const measuring = { profile, runners, experiments, budget, seed, out, state, accel, tune };
  const given = Object.fromEntries(Object.entries(measuring).filter(([, value]) => value !== undefined));
  const baseline = fromSources({ ...given, set: [] }, await readConfigOf(source));
  const unlike = (Object.keys(config) as (keyof Config)[]).filter(
    (key) => !OF_INSTANCES.includes(key) && JSON.stringify(config[key]) !== JSON.stringify(baseline[key]),
  );
  if (unlike.length === 0) return baseline;
  throw new ConfigError('AGAINST_DIFFERS', `${source} measures something else: it differs in ${unlike.join(', ')}`, {
    hint: `only ${OF_INSTANCES.join(' and ')} may differ; say the rest in both files, or by flags`,
  });
}

function readConfigFile(name: string): { readonly name: string; readonly text: string } {
  try {
    return { name, text: readFileSync(name, 'utf8') };
  } catch (cause) {
    throw new ConfigError('NO_CONFIG', `${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Paths of files become absolute: those of a flag start at the working directory, those of a configuration file at its folder.
 * @throws ConfigError `NO_FILE`.
 */
function withFiles(config: Config, flags: ConfigFlags): Config {
  const base = flags.config === undefined ? process.cwd() : dirname(resolve(flags.config));
  const file = (what: string, path: string, flag: string | undefined) =>
    requireFile(what, flag === undefined ? resolve(base, path) : resolve(path));
  const { vmImage, workload, throughput } = config;
  const from = flags.runners === undefined ? base : process.cwd();
  const own = (one: OwnRunner): OwnRunner => ({
    ...one,
    ...{ from, use: /^\.{0,2}\//.test(one.use) ? resolve(from, one.use) : one.use },
  });
  return {
    ...config,
    runners: config.runners.map((one) => (typeof one === 'string' ? one : own(one))),
    workload: isWorkloadFile(workload) ? file('--workload', workload, flags.workload) : workload,
    vmImage: vmImage === null ? null : file('--vm-image', vmImage, flags.vmImage),
    throughput: {
      ...throughput,
      suite: throughput.suite === null ? null : file('--suite', throughput.suite, flags.suite),
    },
  };
}

/**
 * The configuration of a run from its command line; `--set` wins over the other flags, and these over the file.
 * @throws ConfigError.
 */
export function configOf(flags: ConfigFlags): Config {
  return fromSources(flags, flags.config === undefined ? undefined : readConfigFile(flags.config));
}

function fromSources(flags: ConfigFlags, text: { readonly name: string; readonly text: string } | undefined): Config {
  const given = {
    profile: flags.profile,
    runners: list(flags.runners)?.map(runnerOf),
    experiments: list(flags.experiments),
    workload: flags.workload,
    vmImage: flags.vmImage,
    clientCpus: flags.clientCpus === undefined ? undefined : cpuList('--client-cpus', flags.clientCpus),
    accel: flags.accel,
    tune: flags.tune,
    budget: flags.budget,
    seed: flags.seed === undefined ? undefined : Number(flags.seed),
    out: flags.out,
    state: flags.state,
  };
  const nested = {
    'instance.cpus': flags.cpus === undefined ? undefined : parseCpus(flags.cpus),
    'throughput.suite': flags.suite,
  };
  const defined = (values: object) => Object.entries(values).filter(([, value]) => value !== undefined);
  const file = text === undefined ? {} : { file: text };
  const settings = [...defined(nested).map(([path, value]) => `${path}=${JSON.stringify(value)}`), ...flags.set];
  return withFiles(resolveConfig({ ...file, flags: Object.fromEntries(defined(given)), settings }), flags);
}

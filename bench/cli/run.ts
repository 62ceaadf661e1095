import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { EXPERIMENT_IDS } from '../experiments/registry.ts';
import { resolveConfig } from '../config/load.ts';
import { PROFILE_NAMES } from '../config/profiles.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError, InterruptedError, messageOf } from '../errors.ts';
import { readBundle } from '../journal/read.ts';
import { renderTerminal } from '../../reports/terminal.ts';
import { resultJson } from '../../reports/result-json.ts';
import { FORMATS, writeDerived } from './derive.ts';
import { print, wantsColor } from './output.ts';
import { requireRoot } from './ownership.ts';
import { Progress } from './progress.ts';
import { runSession } from './session.ts';
import { interruptible } from './signals.ts';

interface RunFlags {
  readonly config?: string;
  readonly profile?: string;
  readonly runners?: string;
  readonly experiments?: string;
  readonly accel?: string;
  readonly budget?: string;
  readonly seed?: string;
  readonly out?: string;
  readonly state?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

function list(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((item) => item.trim());
}

function configOf(flags: RunFlags): Config {
  let file: { name: string; text: string } | undefined;
  if (flags.config !== undefined) {
    try {
      file = { name: flags.config, text: readFileSync(flags.config, 'utf8') };
    } catch (cause) {
      throw new ConfigError('NO_CONFIG', `${flags.config} cannot be read: ${messageOf(cause)}`, { cause });
    }
  }
  const given = {
    profile: flags.profile,
    runners: list(flags.runners),
    experiments: list(flags.experiments),
    accel: flags.accel,
    budget: flags.budget,
    seed: flags.seed === undefined ? undefined : Number(flags.seed),
    out: flags.out,
    state: flags.state,
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return resolveConfig({ ...(file ? { file } : {}), flags: set, settings: flags.set });
}

async function run(flags: RunFlags): Promise<void> {
  const config = configOf(flags);
  requireRoot('a run');
  using progress = new Progress();
  using interruption = interruptible(() => progress.note('ending in order; once more to end at once'));
  const { bundle, outcome } = await runSession(config, interruption.signal, progress);
  const { result, paths } = writeDerived(readBundle(bundle), FORMATS);
  if (flags.json) print(resultJson(result));
  else print(renderTerminal(result, { color: wantsColor(process.stdout) }));
  progress.note(`bundle: ${bundle}\nreport: ${paths.find((path) => path.endsWith('report.html'))}`);
  if (outcome === 'interrupted') {
    throw new InterruptedError('INTERRUPTED', 'the run was interrupted; what was measured is in the bundle');
  }
}

export function runCommand(): Command {
  return new Command('run')
    .description('measure: start the workload as every runner, and write a bundle with the report')
    .option('-c, --config <file>', 'YAML file with settings; flags win over it')
    .addOption(new Option('-p, --profile <name>', 'how much to measure').choices(PROFILE_NAMES))
    .option('-r, --runners <ids>', 'comma-separated, e.g. native,runc,docker,kvm-direct')
    .option('-e, --experiments <ids>', `comma-separated: ${EXPERIMENT_IDS.join(',')}`)
    .addOption(new Option('--accel <which>', 'for VMs: kvm refuses to run emulated').choices(['auto', 'kvm', 'tcg']))
    .option('--budget <time>', 'about how long to measure, e.g. 10m')
    .option('--seed <n>', 'decides the order of the blocks')
    .option('-o, --out <dir>', 'where the bundle goes (default: runs)')
    .option('--state <dir>', 'images and scratch (default: /var/lib/tare)')
    .option('--set <path=value>', 'one setting, may be repeated', (value, all: string[]) => [...all, value], [])
    .option('--json', 'print result.json instead of the table')
    .addHelpText(
      'after',
      `
Profiles: smoke shows that it works, quick fits into a coffee break, standard resolves, paper is for publication.

Examples:
  tare run                                           profile quick, every runner that this host can run
  tare run -p smoke -r native,runc -e startup        the shortest run there is
  tare run --config lab.yaml --budget 30m --seed 7   settings from a file, half an hour
  tare run --set instance.memory=1GiB --json         one setting changed, result as JSON`,
    )
    .action(run);
}

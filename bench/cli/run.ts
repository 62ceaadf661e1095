import { Command, Option } from 'commander';
import { EXPERIMENT_IDS } from '../experiments/registry.ts';
import { PROFILE_NAMES } from '../config/profiles.ts';
import type { Config } from '../config/schema.ts';
import { InterruptedError } from '../errors.ts';
import { readBundle } from '../journal/read.ts';
import { pairedGateOf } from '../verdict/paired-gate.ts';
import { renderTerminal } from '../../reports/terminal.ts';
import { resultJson } from '../../reports/result-json.ts';
import { FORMATS, writeDerived } from './derive.ts';
import { printGate, share } from './compare.ts';
import { describeRun } from './dry-run.ts';
import { examineRun } from './dry-run/facts.ts';
import { renderDryRun } from './dry-run/render.ts';
import { print, wantsColor } from './output.ts';
import { requireRoot } from './ownership.ts';
import { Progress } from './progress.ts';
import { baselineConfig, type ConfigFlags, configOf, namesRunners } from './run-config.ts';
import { WORKLOAD_IDS } from '../workloads/registry.ts';
import { runSession } from './session.ts';
import { interruptible } from './signals.ts';

interface RunFlags extends ConfigFlags {
  readonly against?: string;
  readonly maxRegression: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

async function dryRun(config: Config, flags: RunFlags): Promise<void> {
  const described = describeRun(config, await examineRun(config));
  print(flags.json ? JSON.stringify(described, null, 2) : renderDryRun(described));
}

async function run(flags: RunFlags): Promise<void> {
  const config = configOf(flags);
  const { against: source, maxRegression } = flags;
  const against =
    source === undefined ? null : { source, maxRegression, config: await baselineConfig(source, flags, config) };
  if (flags.dryRun) return dryRun(config, flags);
  requireRoot('a run');
  using progress = new Progress();
  using interruption = interruptible(() => progress.note('ending in order; once more to end at once'));
  const { bundle, outcome } = await runSession(
    { config, against, named: namesRunners(flags) },
    interruption.signal,
    progress,
  );
  const evidence = readBundle(bundle);
  const { result, paths } = writeDerived(evidence, FORMATS);
  if (flags.json && against === null) print(resultJson(result));
  else if (!flags.json) print(renderTerminal(result, { color: wantsColor(process.stdout) }));
  progress.note(`bundle: ${bundle}\nreport: ${paths.find((path) => path.endsWith('report.html'))}`);
  if (outcome === 'interrupted') {
    throw new InterruptedError('INTERRUPTED', 'the run was interrupted; what was measured is in the bundle');
  }
  if (against !== null) printGate(pairedGateOf(evidence), flags.json ? 'json' : 'text');
}

export function runCommand(): Command {
  return new Command('run')
    .description('measure: start the workload as every runner, and write a bundle with the report')
    .option('-c, --config <file>', 'YAML file with settings; flags win over it')
    .addOption(new Option('-p, --profile <name>', 'how much to measure').choices(PROFILE_NAMES))
    .option(
      '-r, --runners <ids>',
      "comma-separated, e.g. native,runc,docker; a path or package for your own; all: every one of tare's",
    )
    .option('-e, --experiments <ids>', `comma-separated: ${EXPERIMENT_IDS.join(',')}`)
    .option('-w, --workload <id>', `the application: ${WORKLOAD_IDS.join(',')}, or a YAML file that describes one`)
    .option('--suite <file>', 'a tinybench suite of your own in place of the shipped one')
    .option('--cpus <n or list>', 'CPUs of an instance: how many (2), or which (2-3, 0,4)')
    .option('--client-cpus <list>', 'CPUs of clients outside, e.g. 4-7 (default: apart from the instances)')
    .option('--vm-image <file>', "a distribution's qcow2 cloud image in place of our own build, for the runner kvm")
    .addOption(new Option('--accel <which>', 'for VMs: kvm refuses to run emulated').choices(['auto', 'kvm', 'tcg']))
    .option(
      '--against <config>',
      'hold it against another configuration, in the same blocks: a file, or HEAD~1:lab.yaml',
    )
    .option('--max-regression <share>', 'how much worse than --against a cell may be', share, 0.05)
    .option('--tune', 'steady the host until the end: governor, turbo, huge pages, page merging, swappiness')
    .option('--budget <time>', 'about how long to measure, e.g. 10m')
    .option('--seed <n>', 'decides the order of the blocks')
    .option('-o, --out <dir>', 'where the bundle goes (default: runs)')
    .option('--state <dir>', 'images and scratch (default: /var/lib/tare)')
    .option('--set <path=value>', 'one setting, may be repeated', (value, all: string[]) => [...all, value], [])
    .option('--dry-run', 'say what the run would change on this host, and change nothing; works without root')
    .option(
      '--json',
      'print result.json (with --dry-run its description, with --against the gate) instead of the table',
    )
    .addHelpText(
      'after',
      `
Profiles: smoke shows that it works, quick fits into a coffee break, standard resolves, paper is for publication.

Examples:
  tare run                                           profile quick, every runner that this host can run
  tare run -p smoke -r native,runc -e startup        the shortest run there is
  tare run -r all                                    every runner of tare's that can run here
  tare run -r native,./my-runner                     a runner of your own
  tare run --set options.kvm-direct.iothreads=1      an option of a runner: "tare runners" lists them
  tare run --config lab.yaml --budget 30m --seed 7   settings from a file, half an hour
  tare run --set instance.memory=1GiB --json         one setting changed, result as JSON
  tare run --cpus 2 --client-cpus 0-1                two CPUs an instance, clients on the first two of the host
  tare run --vm-image debian-12-generic-amd64.qcow2  the image that people run, in the VM column
  tare run -c lab.yaml --against HEAD~1:lab.yaml     a gate: exit code 1 where a cell is surely worse by more than 5%
  tare run -e startup,cold                           with warm caches, and with those of the host dropped
  tare run -e aa -r native,runc --budget 30m         runners against themselves: how often a difference is claimed
  tare run -e inject -r runc --budget 30m            how large a slowdown must be to be found
  tare run -p standard --dry-run                     every change to this host that it would make, and no change`,
    )
    .action(run);
}

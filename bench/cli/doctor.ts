import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { withDefaults } from '../config/profiles.ts';
import type { HostContext, Runner } from '../model/runner.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { examine } from './doctor/examine.ts';
import { renderExamination } from './doctor/render.ts';
import { print, wantsColor } from './output.ts';

/** Nothing can run on this host; the same code as that of UnsupportedError. */
const EXIT_NOTHING_RUNS = 3;
const TIMEOUT_MS = 60_000;

interface Flags {
  readonly state: string;
  readonly accel: HostContext['accel'];
  readonly json?: boolean;
}

async function doctor(runners: readonly Runner[], flags: Flags): Promise<void> {
  const { instance, density } = withDefaults({ profile: 'standard' });
  const examination = await examine({
    runners,
    stateDir: resolve(flags.state),
    accel: flags.accel,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    instanceBytes: instance.memory,
    instanceCpus: instance.cpus,
    ceilings: density,
  });
  if (flags.json) print(JSON.stringify(examination, null, 2));
  else print(renderExamination(examination, { color: wantsColor(process.stdout) }));
  // Not an error: the question was answered. `bench/main.ts` ends with this code.
  if (!examination.ok) process.exitCode = EXIT_NOTHING_RUNS;
}

/** `tare doctor`: what this host can run, what is missing, and the command that installs it. Changes nothing. */
export function doctorCommand(deps: { readonly runners: readonly Runner[] } = { runners: RUNNERS }): Command {
  return new Command('doctor')
    .description('show what this host can run, what is missing, and what to do about it; changes nothing')
    .option('--state <dir>', 'the state folder that a run would use', withDefaults({}).state)
    .addOption(
      new Option('--accel <which>', 'for VMs: as "tare run" would take it')
        .choices(['auto', 'kvm', 'tcg'])
        .default('auto'),
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 when at least one runner can run here, 3 when none can. Works without root, and says what root would need.

Examples:
  tare doctor
  tare doctor --state /srv/tare
  tare doctor --json | jq '.checks[] | select(.status != "ok")'`,
    )
    .action((flags: Flags) => doctor(deps.runners, flags));
}

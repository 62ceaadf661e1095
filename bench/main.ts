#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { cleanCommand } from './cli/clean.ts';
import { compareCommand } from './cli/compare.ts';
import { doctorCommand } from './cli/doctor.ts';
import { passEnvironmentOn } from './cli/environment.ts';
import { imageCommand } from './cli/image.ts';
import { describeError, errorJson, print, printError } from './cli/output.ts';
import { reportCommand } from './cli/report.ts';
import { runCommand } from './cli/run.ts';
import { runnerCommand } from './cli/runner.ts';
import { runnersCommand } from './cli/runners.ts';
import { scatterCommand } from './cli/scatter.ts';
import { VERSION } from './cli/version.ts';
import { TareError } from './errors.ts';

const USAGE_EXIT = 2;

function program(): Command {
  return new Command('tare')
    .description('Measures what a container and a virtual machine cost around the same workload.')
    .version(VERSION)
    .addHelpText(
      'after',
      `
Examples:
  tare doctor                 what this host can run, and what is missing
  tare run --profile quick    measure, print the table, write the report
  tare report runs/<id>       the report again, from the evidence alone
  tare compare A B            whether run B is worse than run A`,
    )
    .addCommand(doctorCommand())
    .addCommand(runCommand())
    .addCommand(reportCommand())
    .addCommand(compareCommand())
    .addCommand(scatterCommand())
    .addCommand(imageCommand())
    .addCommand(runnersCommand())
    .addCommand(runnerCommand())
    .addCommand(cleanCommand())
    .exitOverride();
}

/** Every subcommand throws instead of ending the process, so that there is one place that does. */
function overrideExits(command: Command): Command {
  command.exitOverride();
  command.commands.forEach((child) => overrideExits(child));
  return command;
}

async function main(argv: readonly string[]): Promise<number> {
  passEnvironmentOn();
  try {
    await overrideExits(program()).parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT;
    printError(describeError(error));
    if (argv.includes('--json')) print(errorJson(error));
    return error instanceof TareError ? error.exitCode : 1;
  }
}

process.exit(await main(process.argv));

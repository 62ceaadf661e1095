import { Command, InvalidArgumentError, Option } from 'commander';
import { readBundle } from '../journal/read.ts';
import { type Gate, gateOf } from '../verdict/gate.ts';
import { pairedGateOf } from '../verdict/paired-gate.ts';
import { gateMarkdown, renderGate } from '../../reports/gate.ts';
import { print, wantsColor } from './output.ts';

/** A failed gate is a verdict, not an error. */
const EXIT_REGRESSION = 1;

/** Where no terminal says. */
const DEFAULT_WIDTH = 120;

interface Flags {
  readonly maxRegression: number;
  readonly format: 'text' | 'md' | 'json';
  readonly json?: boolean;
}

/** `5%` or `0.05`. */
export function share(text: string): number {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number) / (percent === '%' ? 100 : 1);
  if (number !== '' && value < 1) return value;
  throw new InvalidArgumentError('expected a share below one, such as 5% or 0.05');
}

/** Prints a gate, and lets the process end with its exit code. */
export function printGate(gate: Gate, format: Flags['format']): void {
  if (format === 'json') print(JSON.stringify(gate, null, 2));
  else if (format === 'md') print(gateMarkdown(gate));
  else {
    const width = process.stdout.isTTY ? process.stdout.columns : DEFAULT_WIDTH;
    print(renderGate(gate, { color: wantsColor(process.stdout), width }));
  }
  if (gate.verdict === 'regression') process.exitCode = EXIT_REGRESSION;
}

/** `tare compare`: the gate between two bundles. `bench/main.ts` ends with its exit code. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('whether a second run is worse than a first by more than is allowed: exit code 1 where it surely is')
    .argument('<before>', 'a bundle')
    .argument(
      '[after]',
      'a bundle of the same host, image and accelerator; without it the first must be one of "run --against"',
    )
    .option('--max-regression <share>', 'how much worse a cell may be', share, 0.05)
    .addOption(new Option('-f, --format <format>', 'what is printed').choices(['text', 'md', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      `
Examples:
  tare compare runs/20260102-030405-a1b2c3 runs/20260109-030405-d4e5f6
  tare compare runs/20260102-030405-a1b2c3                a run that was measured with --against
  tare compare runs/… runs/… --max-regression 2% --format md >> "$GITHUB_STEP_SUMMARY"

Exit codes: 0 no regression is certain, 1 one is, 3 the runs cannot be compared.`,
    )
    .action((before: string, after: string | undefined, flags: Flags) => {
      const first = readBundle(before);
      const gate = after === undefined ? pairedGateOf(first) : gateOf(first, readBundle(after), flags.maxRegression);
      printGate(gate, flags.json ? 'json' : flags.format);
    });
}

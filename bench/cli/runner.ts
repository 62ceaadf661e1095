import { styleText } from 'node:util';
import { Command } from 'commander';
import { parseDocument } from 'yaml';
import { withDefaults } from '../config/profiles.ts';
import { withOptions } from '../config/runner-options.ts';
import { codeOf, ConfigError, InterruptedError, messageOf, UnsupportedError } from '../errors.ts';
import type { OptionValue, OptionValues } from '../model/runner.ts';
import { nowNs } from '../proc/clock.ts';
import { CONTRACT, ContractSession } from '../../runners/contract.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { type LoadedRunner, loadOwnRunner } from './own-runner.ts';
import { requireRoot, takeOwnership } from './ownership.ts';
import { print, printable, printError, wantsColor } from './output.ts';
import { passProxies } from './proxies.ts';
import { useOf } from './runners.ts';
import { interruptible } from './signals.ts';
import { subjectParts } from './verify-subject.ts';

/** A rule is broken: a verdict, not an error. */
const EXIT_BROKEN = 1;

interface Flags {
  readonly state: string;
  readonly option: readonly string[];
  readonly rule?: string;
  readonly json?: boolean;
}

interface RuleOutcome {
  readonly rule: string;
  readonly ok: boolean;
  /** Why not; null where it holds. */
  readonly code: string | null;
  readonly message: string | null;
  readonly seconds: number;
}

/** `name=value`, the value read as YAML. @throws ConfigError `BAD_OPTION`. */
function optionsOf(texts: readonly string[]): OptionValues {
  return Object.fromEntries(
    texts.map((text): readonly [string, OptionValue] => {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
      const parsed: unknown = value === undefined ? undefined : parseDocument(value).toJS();
      if (name !== undefined && ['string', 'number', 'boolean'].includes(typeof parsed)) {
        return [name, parsed as OptionValue];
      }
      throw new ConfigError('BAD_OPTION', `--option ${text}: expected name=value`);
    }),
  );
}

/** One of tare's own by its id, or somebody's module. */
async function named(module: string): Promise<Pick<LoadedRunner, 'runner'> & Partial<LoadedRunner>> {
  const runner = RUNNERS.find(({ id }) => id === module);
  return runner ? { runner } : loadOwnRunner({ use: useOf(module), from: process.cwd() });
}

function rulesFor(part: string | undefined) {
  const rules = CONTRACT.filter(({ name }) => part === undefined || name.includes(part));
  if (rules.length > 0) return rules;
  throw new ConfigError('UNKNOWN_RULE', `no rule has "${part}" in its name`, {
    hint: 'docs/writing-a-runner.md lists the rules',
  });
}

function lineOf({ rule, ok, message, seconds }: RuleOutcome): string {
  const color = wantsColor(process.stdout);
  const word = ok ? 'ok' : 'BROKEN';
  const shown = color ? styleText(ok ? 'green' : 'red', word, { validateStream: false }) : word;
  const reason = message === null ? '' : `\n        ${printable(message)}`;
  return `${shown}${' '.repeat('BROKEN'.length - word.length)}  ${rule} (${seconds.toFixed(1)} s)${reason}`;
}

async function verify(module: string, flags: Flags): Promise<void> {
  requireRoot('the conformance suite');
  const { runner, module: origin, file } = await named(module);
  const options = withOptions(runner, optionsOf(flags.option));
  const rules = rulesFor(flags.rule);
  const note = (message: string) => printError(message);
  using interruption = interruptible(() => note('ending in order; once more to end at once'));
  const { signal } = interruption;
  await using ownership = takeOwnership(flags.state, signal, file === undefined ? [] : [file]);
  passProxies();
  const { run: common, spec } = await subjectParts(ownership, flags.state, signal, note);
  const run = { ...common, options };
  const support = await runner.probe(run);
  if (!support.ok) throw new UnsupportedError(support.code, `${runner.id} cannot run here: ${support.reason}`, support);
  if (!flags.json) print(`${runner.id}: ${printable(support.title)}, ${rules.length} rules`);
  const outcomes: RuleOutcome[] = [];
  {
    await using session = new ContractSession({ runner, spec, run });
    for (const rule of rules) {
      const startedNs = nowNs();
      const error = await session.check(rule).then(
        () => null,
        (thrown: unknown) => ({ thrown }),
      );
      if (signal.aborted) throw new InterruptedError('INTERRUPTED', 'the suite was interrupted');
      const outcome = {
        ...{ rule: rule.name, ok: error === null },
        ...{ code: error && codeOf(error.thrown), message: error && messageOf(error.thrown) },
        seconds: Number(nowNs() - startedNs) / 1e9,
      };
      outcomes.push(outcome);
      if (!flags.json) print(lineOf(outcome));
    }
  }
  const broken = outcomes.filter(({ ok }) => !ok).length;
  if (flags.json) {
    print(
      JSON.stringify(
        { schema: 'tare-verify-1', id: runner.id, module: origin ?? null, options, rules: outcomes },
        null,
        2,
      ),
    );
  } else {
    print(`${outcomes.length - broken} rules hold, ${broken} ${broken === 1 ? 'is' : 'are'} broken`);
  }
  // `bench/main.ts` ends with this code.
  if (broken > 0) process.exitCode = EXIT_BROKEN;
}

/** `tare runner verify`: the conformance suite against somebody's runner. */
export function runnerCommand(): Command {
  const verifying = new Command('verify')
    .description('hold a runner to the conformance suite, and print which rules hold')
    .argument('<module>', "a path, a package, or the id of one of tare's own")
    .option(
      '--option <name=value>',
      'an option of the runner, may be repeated',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--rule <text>', 'only rules with this in their names')
    .option('--state <dir>', 'images and scratch', withDefaults({}).state)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 when every rule holds, 1 when one is broken, 3 when the runner cannot run here.
docs/writing-a-runner.md explains each rule.

Examples:
  tare runner verify ./my-runner
  tare runner verify @acme/kata-runner --option hypervisor=clh
  tare runner verify runc --rule 'limits hold'`,
    )
    .action(verify);
  return new Command('runner').description('work on a runner of your own').addCommand(verifying);
}

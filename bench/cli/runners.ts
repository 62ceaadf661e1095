import { styleText } from 'node:util';
import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { withDefaults } from '../config/profiles.ts';
import { valuesOf } from '../config/runner-options.ts';
import type { RunnerModule } from '../model/manifest.ts';
import type { HostContext, Runner, RunnerOption, Support } from '../model/runner.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { probeRunner } from './doctor/examine.ts';
import { loadOwnRunner } from './own-runner.ts';
import { print, printable, wantsColor } from './output.ts';

const TIMEOUT_MS = 60_000;

interface Flags {
  readonly state: string;
  readonly accel: HostContext['accel'];
  readonly json?: boolean;
}

/** A runner as it is listed. */
export interface ListedRunner {
  readonly id: string;
  /** Absent for tare's own. */
  readonly module?: RunnerModule;
  readonly support: Support;
  readonly options: readonly RunnerOption[];
}

/** One line for what an option decides and may be. */
function optionLine(option: RunnerOption): string {
  const { name, what, default: value } = option;
  return printable(`    ${name} = ${String(value)}  ${what} (${valuesOf(option)})`);
}

function entry({ id, module, support, options }: ListedRunner, color: boolean): string {
  const paint = (style: 'bold' | 'green' | 'yellow' | 'red', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const origin = module === undefined ? '' : ` (${module.use}${module.version === null ? '' : ` ${module.version}`})`;
  const name = `${paint('bold', id)}${origin}`;
  if (!support.ok) {
    const lines = [
      `${name}  ${paint('red', 'not here')}: ${printable(support.reason)}`,
      `  → ${printable(support.hint)}`,
    ];
    return [...lines, ...options.map(optionLine)].join('\n');
  }
  const { as, title, capabilities, versions } = support;
  const { isolation, accelerator, nested = false, marks, designed } = capabilities;
  const emulated = accelerator === 'tcg' ? `  ${paint('yellow', 'emulated')}` : '';
  const lines = [
    `${name}  ${printable(title)}${as === id ? '' : `, listed as ${as}`}${emulated}`,
    `  isolation ${isolation}${accelerator === 'none' ? '' : `, ${accelerator}${nested && accelerator === 'kvm' ? ' (nested)' : ''}`}; marks ${marks.join(', ')}`,
    ...(Object.keys(versions).length === 0
      ? []
      : [
          `  ${Object.entries(versions)
            .map(([program, version]) => printable(`${program} ${version}`))
            .join(', ')}`,
        ]),
    ...(designed.length === 0 ? [] : [`  differs by design in ${designed.map(({ limit }) => limit).join(', ')}`]),
  ];
  return [...lines, ...options.map(optionLine)].join('\n');
}

/** The list as people read it. */
export function renderRunners(listed: readonly ListedRunner[], { color }: { readonly color: boolean }): string {
  return `${listed.map((one) => entry(one, color)).join('\n\n')}\n`;
}

async function list(runners: readonly Runner[], modules: readonly string[], flags: Flags): Promise<void> {
  const context = { stateDir: resolve(flags.state), accel: flags.accel, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const own = await Promise.all(modules.map((use) => loadOwnRunner({ use: useOf(use), from: process.cwd() })));
  const all: readonly { readonly runner: Runner; readonly module?: RunnerModule }[] = [
    ...runners.map((runner) => ({ runner })),
    ...own,
  ];
  const listed = await Promise.all(
    all.map(async ({ runner, module }): Promise<ListedRunner> => {
      const { id, options = [] } = runner;
      return { id, ...(module === undefined ? {} : { module }), support: await probeRunner(runner, context), options };
    }),
  );
  if (flags.json) print(JSON.stringify({ schema: 'tare-runners-1', runners: listed }, null, 2));
  else print(renderRunners(listed, { color: wantsColor(process.stdout) }));
}

/** A path as the command line means it; anything else is a package. */
export function useOf(module: string): string {
  return /^\.{0,2}\//.test(module) ? resolve(module) : module;
}

/** `tare runners`: every runner, what it is on this host, and its options. Changes nothing. */
export function runnersCommand(deps: { readonly runners: readonly Runner[] } = { runners: RUNNERS }): Command {
  return new Command('runners')
    .description('list the runners: what each is on this host, its versions, capabilities and options')
    .argument('[modules...]', 'runners of your own to list as well: paths or packages')
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
Options of a runner are set in the configuration, or by --set:
  options:
    kvm-direct: {iothreads: 1}

Examples:
  tare runners
  tare runners ./my-runner
  tare runners --json | jq '.runners[] | select(.support.ok) | .id'
  tare run -r native,kvm-direct --set options.kvm-direct.iothreads=1`,
    )
    .action((modules: readonly string[], flags: Flags) => list(deps.runners, modules, flags));
}

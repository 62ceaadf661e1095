import type { GuardSummary, Result } from '../bench/model/result.ts';
import {
  cellText,
  hostText,
  ratioIntervalText,
  ratioText,
  ratioVerdictText,
  timeText,
  withoutMarkedText,
} from './phrases.ts';
import { guardName, readingIn } from './readings.ts';
import { listRows, spread, wrap } from './terminal-grid.ts';
import { styleFor } from './terminal-style.ts';
import { type TableContext, tableLines } from './terminal-table.ts';
import { printable } from './text.ts';
import { formatLevel, formatProbability, formatShare } from './units.ts';
import { type Entry, viewOf } from './view-model.ts';
import { type Lang, WORDS } from './words.ts';

export interface TerminalOptions {
  readonly color: boolean;
  /** Places of a line; default 100, at least 40. */
  readonly width?: number;
  readonly lang?: Lang;
}

type Section = (context: TableContext) => readonly string[];

function headed(heading: string, lines: readonly string[], { style }: TableContext): readonly string[] {
  return lines.length === 0 ? [] : ['', style.heading(heading), ...lines];
}

function valueRows(entries: readonly Entry[], { view, result, words }: TableContext): readonly (readonly string[])[] {
  return entries.map(({ cell }) => [
    printable(cell.experiment),
    printable(view.nameOf(cell)),
    cellText(cell, result.level, words),
  ]);
}

const ratios: Section = (context) => {
  const { view, result, words, style, width } = context;
  // The secondary ones are many; the page and the CSV have them.
  const shown = view.ratios.filter(({ cell }) => cell.primary);
  const rows = shown.map(({ cell, runner, ratio }) => [
    printable(view.nameOf(cell)),
    printable(runner.label),
    style.strong(ratioText(ratio, words)),
    ratioIntervalText(ratio, words),
    words.n(ratio.n),
    `${ratioVerdictText(ratio, result.delta, words)}${ratio.verdict === 'not-resolved' ? ` (p ≥ ${formatProbability(ratio.smallestP)})` : ''}`,
  ]);
  const lines = rows.length === 0 ? spread(words.noRatios, width) : listRows(rows, width);
  return headed(words.ratios, [...spread(style.quiet(words.ratiosNote), width), ...lines], context);
};

const calibration: Section = (context) => {
  const { view, result, words, width } = context;
  const rows = result.calibration.map(({ experiment, runner, injected, gates, gateBlocks, claimed, wrong, ci }) => [
    printable(experiment),
    printable(view.runner(runner).label),
    words.calibrated({
      injected: injected === null ? null : formatShare(injected),
      ...{ claimed, wrong, gates, gateBlocks },
      interval: `${formatShare(ci.lo ?? 0)}–${formatShare(ci.hi ?? 1)}`,
    }),
  ]);
  return headed(words.calibration, listRows(rows, width), context);
};

const emulated: Section = (context) =>
  context.view.emulated.flatMap(({ runner, cells }) => {
    const { words, style, width } = context;
    const rows = valueRows(
      cells.map((cell) => ({ runner, cell })),
      context,
    );
    const note = spread(style.emulated(words.emulatedNote), width);
    return headed(printable(runner.title), [...note, ...listRows(rows, width)], context);
  });

const harness: Section = (context) => {
  const { view, words, style, width } = context;
  if (view.harness.length === 0) return [];
  const note = spread(style.quiet(words.harnessNote), width);
  return headed(words.harness, [...note, ...listRows(valueRows(view.harness, context), width)], context);
};

const failures: Section = (context) => {
  const { view, result, words, style, width } = context;
  const rows = result.failures.map((failure) => [
    style.bad(words.times(failure.count)),
    printable(view.runner(failure.runner).label),
    printable(`${failure.experiment}, ${failure.workload}, ${failure.phase}, ${failure.stage}`),
    `${printable(failure.code)}: ${printable(failure.message)}`,
  ]);
  return headed(words.failures, rows.length === 0 ? spread(words.noFailures, width) : listRows(rows, width), context);
};

function named({ guard, runner }: GuardSummary, { view, lang }: TableContext): string {
  const name = guardName(lang, guard);
  return runner === undefined ? name : `${name} (${view.runner(runner).label})`;
}

const guards: Section = (context) => {
  const { view, result, words, width, lang } = context;
  const rows = result.guards
    .filter(({ tripped }) => tripped > 0)
    .map((guard) => [
      printable(`${guard.experiment}, ${guard.workload}`),
      printable(named(guard, context)),
      `${words.tripped(guard.tripped, guard.blocks)}: ${printable(readingIn(lang, guard.message))}`,
    ]);
  const changes = view.ordinary.flatMap(({ cell, runner }) => {
    const text = cell.primary ? withoutMarkedText(cell, result.delta, words) : null;
    return text === null ? [] : [[printable(view.nameOf(cell)), printable(runner.label), text]];
  });
  const lines = rows.length === 0 ? spread(words.noGuards, width) : listRows(rows, width);
  return headed(words.guards, [...lines, ...listRows(changes, width)], context);
};

const warnings: Section = (context) => {
  const { view, lang } = context;
  const rows = view.ordinary.flatMap(({ cell, runner }) =>
    cell.warnings.map((warning) => [printable(runner.label), printable(view.nameOf(cell)), printable(warning[lang])]),
  );
  return headed(context.words.warnings, listRows(rows, context.width), context);
};

const differences: Section = (context) => {
  const { view, result, words, style, width } = context;
  const rows = result.differences.map((difference) => [
    printable(view.runner(difference.runner).label),
    printable(difference.limit),
    `${printable(difference.actual)} ≠ ${printable(difference.expected)}; ${
      difference.designed === null
        ? style.bad(words.undeclared)
        : `${words.designed}: ${printable(difference.designed)}`
    }`,
  ]);
  return headed(words.differences, listRows(rows, width), context);
};

const unavailable: Section = (context) => {
  const { result, words, width } = context;
  const rows = result.unavailable.map((runner) => [
    printable(runner.workload === undefined ? runner.id : `${runner.id}, ${runner.workload}`),
    `${printable(runner.reason)}${runner.hint === '' ? '' : ` (${words.hint}: ${printable(runner.hint)})`}`,
  ]);
  return headed(words.unavailable, listRows(rows, width), context);
};

const origin: Section = (context) => {
  const { result, words, width } = context;
  const rows = result.experiments.map((experiment) => [
    printable(experiment.id),
    printable(experiment.workload),
    [
      words.blocks(experiment.blocks, experiment.pilotBlocks),
      ...(experiment.frozen
        ? [words.frozen(printable(experiment.frozen.reason), experiment.frozen.needed, experiment.pilotBlocks > 0)]
        : []),
    ].join('; '),
  ]);
  const notes = [words.level(formatLevel(result.level), result.comparisons), words.units];
  return headed(words.origin, [...listRows(rows, width), ...notes.flatMap((note) => spread(note, width))], context);
};

const SECTIONS: readonly Section[] = [
  ...[ratios, calibration, emulated, harness, failures, guards, warnings, differences, unavailable, origin],
];

/** The table of a run and what a reader needs to trust it; plain text, or with colours for a terminal. Ends with a newline. */
export function renderTerminal(result: Result, options: TerminalOptions): string {
  const lang = options.lang ?? 'en';
  const words = WORDS[lang];
  const style = styleFor(options.color);
  const width = Math.max(40, options.width ?? 100);
  const context: TableContext = { result, view: viewOf(result, lang), words, lang, style, width };
  const title = `tare ${printable(result.runId)} · ${timeText(result.startedAt)} · ${words.outcome[result.outcome]}`;
  const lines = [
    ...wrap(style.strong(title), width),
    ...wrap(style.quiet(hostText(result, words)), width),
    '',
    ...tableLines(context),
    ...SECTIONS.flatMap((section) => section(context)),
  ];
  return `${lines.join('\n')}\n`;
}

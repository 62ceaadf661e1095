import type { Result } from '../bench/model/result.ts';
import { halfWithoutMarkedText, medianText, shownCell } from './phrases.ts';
import { gridRow, rule, wrap } from './terminal-grid.ts';
import { SYMBOLS } from './symbols.ts';
import type { Style } from './terminal-style.ts';
import type { Shows } from './subjects.ts';
import { printable } from './text.ts';
import type { Column, HalfView, ReportView, TableRow } from './view-model.ts';
import type { Lang, Words } from './words.ts';

/** The source's table: its words, what was measured, the verdict; other runners in sub-rows. */

export interface TableContext {
  readonly result: Result;
  readonly view: ReportView;
  readonly words: Words;
  readonly lang: Lang;
  readonly style: Style;
  readonly width: number;
}

const FEATURE_WIDTH = 16;
/** Below this two columns of values would be too narrow to read: they stand below each other. */
const SIDE_BY_SIDE = 72;

function measured(half: HalfView, shows: Shows, context: TableContext): readonly string[] {
  const { view, result, words, style } = context;
  if (half.emulated) return [style.emulated(words.emulatedBelow)];
  const showing = { view, level: result.level, words };
  const deciding = half.measured.flatMap((cell) => {
    const { name, value, support } = shownCell(cell, shows, showing);
    return [`${printable(name)} ${style.strong(value)}`, style.quiet(printable(support))];
  });
  const beside = half.beside.map((cell) => style.quiet(words.projected(medianText(cell, words))));
  return [...deciding, ...beside];
}

/** The reason says little that the line above it does not, where nothing was measured at all. */
function reason(half: HalfView, context: TableContext): string {
  const { words, lang } = context;
  const missing = half.evidence.length === 0 && half.measured.length === 0 && !half.emulated;
  if (missing) return half.runner === null ? words.noRunner : words.notMeasured;
  return printable(half.reason[lang]);
}

function halfText(half: HalfView | null, shows: Shows, context: TableContext): readonly string[] {
  if (half === null) return [];
  const { words, lang, style } = context;
  const verdict = `${SYMBOLS[half.verdict]} ${words.claim[half.verdict]}`;
  const unmarked = halfWithoutMarkedText(half, words);
  return [
    `${style.quiet(`${words.source}:`)} ${style.source(printable(half.source[lang]))}`,
    ...measured(half, shows, context),
    `${style.verdict[half.verdict](verdict)}${style.quiet(`: ${reason(half, context)}`)}`,
    ...(unmarked === null ? [] : [style.quiet(unmarked)]),
  ];
}

function heading(column: Column, context: TableContext): string {
  const { result, view, words, style } = context;
  const id = result.columns[column];
  const name = id === null ? words.noRunner : view.runner(id).label;
  return `${style.heading(words[column])} · ${printable(name)}`;
}

interface OtherLine {
  readonly label: string;
  readonly text: string;
  readonly column: Column | null;
}

/** One line a cell; where a row shows ratios, one a runner, since the list of ratios has their intervals. */
function others(row: TableRow, { view, result, words }: TableContext): readonly OtherLine[] {
  const showing = { view, level: result.level, words };
  if (row.shows === 'ratio') {
    return [...Map.groupBy(row.others, ({ runner }) => runner)].map(([runner, group]) => ({
      label: printable(runner.label),
      text: group
        .map(({ cell }) => shownCell(cell, row.shows, showing))
        .map(({ name, value }) => `${printable(name)} ${value}`)
        .join(', '),
      column: group[0]?.column ?? null,
    }));
  }
  const workloads = new Set(row.others.map(({ cell }) => cell.workload));
  return row.others.map(({ cell, runner, column }) => {
    const { value, support } = shownCell(cell, row.shows, showing);
    const ended = view.endedBy(cell);
    const told = ended === null ? support : `${support}, ${words.endedBy(ended)}`;
    const label = workloads.size > 1 ? `${runner.label} ${cell.workload}` : runner.label;
    return { label: printable(label), text: `${value} (${printable(told)})`, column };
  });
}

function otherRow({ label, text, column }: OtherLine, widths: readonly number[], style: Style): readonly string[] {
  const name = [`· ${label}`];
  const value = [style.quiet(text)];
  // Native is neither: its value may run across both columns.
  if (column !== null) return gridRow(column === 'vm' ? [name, [], value] : [name, value, []], widths);
  const [feature = 0, ...rest] = widths;
  return gridRow([name, value], [feature, rest.reduce((sum, places) => sum + places + 2, -2)]);
}

function sideBySide(context: TableContext): readonly string[] {
  const { view, words, lang, style, width } = context;
  const half = Math.floor((width - FEATURE_WIDTH - 4) / 2);
  const widths = [FEATURE_WIDTH, half, half];
  const head = [[style.heading(words.feature)], [heading('container', context)], [heading('vm', context)]];
  const rows = view.table.flatMap((row) => [
    style.quiet(rule(width)),
    ...gridRow(
      [
        [style.strong(printable(row.feature[lang]))],
        halfText(row.halves.container, row.shows, context),
        halfText(row.halves.vm, row.shows, context),
      ],
      widths,
    ),
    ...others(row, context).flatMap((line) => otherRow(line, widths, style)),
  ]);
  return [...gridRow(head, widths), ...rows, style.quiet(rule(width))];
}

function stacked(context: TableContext): readonly string[] {
  const { view, lang, style, width } = context;
  const indented = (texts: readonly string[], by: string) =>
    texts.flatMap((text) => wrap(text, width - by.length)).map((line) => by + line);
  return view.table.flatMap((row) => [
    style.quiet(rule(width)),
    style.strong(printable(row.feature[lang])),
    ...(['container', 'vm'] as const).flatMap((column) => [
      ...indented([heading(column, context)], '  '),
      ...indented(halfText(row.halves[column], row.shows, context), '    '),
    ]),
    ...indented(
      others(row, context).map(({ label, text }) => `${label}: ${text}`),
      '  ',
    ),
  ]);
}

export function tableLines(context: TableContext): readonly string[] {
  return context.width >= SIDE_BY_SIDE ? sideBySide(context) : stacked(context);
}

import type { Result } from '../bench/model/result.ts';
import { halfWithoutMarkedText, medianText, shownCell } from './phrases.ts';
import { gridRow, rule, wrap } from './terminal-grid.ts';
import { SYMBOLS } from './symbols.ts';
import type { Style } from './terminal-style.ts';
import type { Shows } from './subjects.ts';
import { printable } from './text.ts';
import type { Column, HalfView, Place, ReportView, TableRow } from './view-model.ts';
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
/** Below this a column of values would be too narrow to read: they stand below each other. */
const NARROWEST = 26;

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

function heading(place: Place, { result, view, words, style }: TableContext): string {
  const id = place === 'sandbox' ? null : result.columns[place];
  const standing = place === 'sandbox' ? view.sandboxes : id === null ? [] : [view.runner(id)];
  const names = standing.length === 0 ? words.noRunner : standing.map(({ label }) => printable(label)).join(', ');
  return `${style.heading(words[place])} · ${names}`;
}

/** What sandboxes have to say to a row, each by its name where there are several. */
function sandboxText({ sandboxes, shows }: TableRow, context: TableContext): readonly string[] {
  const { view, result, words, style } = context;
  const showing = { view, level: result.level, words };
  return sandboxes.flatMap(({ cell, runner }) => {
    const { name, value, support } = shownCell(cell, shows, showing);
    const ended = view.endedBy(cell);
    const told = ended === null ? support : `${support}, ${words.endedBy(ended)}`;
    const whose = view.sandboxes.length > 1 ? `${printable(runner.label)} ` : '';
    return [`${whose}${printable(name)} ${style.strong(value)}`, style.quiet(printable(told))];
  });
}

/** What stands in a row's column. */
function placeText(place: Place, row: TableRow, context: TableContext): readonly string[] {
  return place === 'sandbox' ? sandboxText(row, context) : halfText(row.halves[place], row.shows, context);
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

function otherRow(
  { label, text, column }: OtherLine,
  widths: readonly number[],
  { view, style }: TableContext,
): readonly string[] {
  const name = [`· ${label}`];
  const value = [style.quiet(text)];
  // Native is of no kind: its value may run across all columns.
  if (column !== null) return gridRow([name, ...view.places.map((place) => (place === column ? value : []))], widths);
  const [feature = 0, ...rest] = widths;
  return gridRow([name, value], [feature, rest.reduce((sum, places) => sum + places + 2, -2)]);
}

/** Places for each column of values, beside that of features and with gaps between. */
function columnWidth({ view, width }: TableContext): number {
  const count = view.places.length;
  return Math.floor((width - FEATURE_WIDTH - 2 * count) / count);
}

function sideBySide(context: TableContext): readonly string[] {
  const { view, words, lang, style, width } = context;
  const widths = [FEATURE_WIDTH, ...view.places.map(() => columnWidth(context))];
  const head = [[style.heading(words.feature)], ...view.places.map((place) => [heading(place, context)])];
  const rows = view.table.flatMap((row) => [
    style.quiet(rule(width)),
    ...gridRow(
      [[style.strong(printable(row.feature[lang]))], ...view.places.map((place) => placeText(place, row, context))],
      widths,
    ),
    ...others(row, context).flatMap((line) => otherRow(line, widths, context)),
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
    ...view.places.flatMap((place) => [
      ...indented([heading(place, context)], '  '),
      ...indented(placeText(place, row, context), '    '),
    ]),
    ...indented(
      others(row, context).map(({ label, text }) => `${label}: ${text}`),
      '  ',
    ),
  ]);
}

export function tableLines(context: TableContext): readonly string[] {
  return columnWidth(context) >= NARROWEST ? sideBySide(context) : stacked(context);
}

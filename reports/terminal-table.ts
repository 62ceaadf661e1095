import type { Result } from '../bench/model/result.ts';
import { cellText, medianText, supportText } from './phrases.ts';
import { gridRow, rule, wrap } from './terminal-grid.ts';
import { SYMBOLS } from './symbols.ts';
import type { Style } from './terminal-style.ts';
import { printable } from './text.ts';
import type { Column, HalfView, ReportView, TableRow } from './view-model.ts';
import type { Lang, Words } from './words.ts';

/** The source's table: its words, what was measured, the verdict; other runners in sub-rows. */

export interface TableContext {
  readonly result: Result;
  readonly words: Words;
  readonly lang: Lang;
  readonly style: Style;
  readonly width: number;
}

const FEATURE_WIDTH = 16;
/** Below this two columns of values would be too narrow to read: they stand below each other. */
const SIDE_BY_SIDE = 72;

function measured(half: HalfView, { result, words, style }: TableContext): readonly string[] {
  if (half.emulated) return [style.emulated(words.emulatedBelow)];
  return half.measured.flatMap((cell) => [
    `${printable(cell.metric)} ${style.strong(medianText(cell, words))}`,
    style.quiet(supportText(cell, result.level, words)),
  ]);
}

/** The reason says little that the line above it does not, where nothing was measured at all. */
function reason(half: HalfView, context: TableContext): string {
  const { words } = context;
  const missing = half.evidence.length === 0 && half.measured.length === 0 && !half.emulated;
  if (missing) return half.runner === null ? words.noRunner : words.notMeasured;
  return printable(half.reason);
}

function halfText(half: HalfView | null, context: TableContext): readonly string[] {
  if (half === null) return [];
  const { words, lang, style } = context;
  const verdict = `${SYMBOLS[half.verdict]} ${words.claim[half.verdict]}`;
  return [
    `${style.quiet(`${words.source}:`)} ${style.source(printable(half.source[lang]))}`,
    ...measured(half, context),
    `${style.verdict[half.verdict](verdict)}${style.quiet(`: ${reason(half, context)}`)}`,
  ];
}

function heading(column: Column, context: TableContext): string {
  const { result, words, style } = context;
  const id = result.columns[column];
  const runner = result.runners.find(({ as }) => as === id);
  const name = runner?.accel === 'tcg' ? runner.title : (id ?? words.noRunner);
  return `${style.heading(words[column])} · ${printable(name)}`;
}

function others(row: TableRow, context: TableContext, widths: readonly number[]): readonly string[] {
  const { result, words, style } = context;
  const workloads = new Set(row.others.map(({ cell }) => cell.workload));
  return row.others.flatMap(({ cell, runner, column }) => {
    const name = workloads.size > 1 ? `${runner.label} ${cell.workload}` : runner.label;
    const text = [style.quiet(cellText(cell, result.level, words))];
    const label = [`· ${printable(name)}`];
    const cells = column === 'vm' ? [label, [], text] : [label, text, []];
    // Native is neither: its value may run across both columns.
    if (column !== null) return gridRow(cells, widths);
    const [feature = 0, ...rest] = widths;
    return gridRow([label, text], [feature, rest.reduce((sum, places) => sum + places + 2, -2)]);
  });
}

function sideBySide(view: ReportView, context: TableContext): readonly string[] {
  const { words, lang, style, width } = context;
  const half = Math.floor((width - FEATURE_WIDTH - 4) / 2);
  const widths = [FEATURE_WIDTH, half, half];
  const head = [[style.heading(words.feature)], [heading('container', context)], [heading('vm', context)]];
  const rows = view.table.flatMap((row) => [
    style.quiet(rule(width)),
    ...gridRow(
      [
        [style.strong(printable(row.feature[lang]))],
        halfText(row.halves.container, context),
        halfText(row.halves.vm, context),
      ],
      widths,
    ),
    ...others(row, context, widths),
  ]);
  return [...gridRow(head, widths), ...rows, style.quiet(rule(width))];
}

function stacked(view: ReportView, context: TableContext): readonly string[] {
  const { result, words, lang, style, width } = context;
  const indented = (texts: readonly string[], by: string) =>
    texts.flatMap((text) => wrap(text, width - by.length)).map((line) => by + line);
  return view.table.flatMap((row) => [
    style.quiet(rule(width)),
    style.strong(printable(row.feature[lang])),
    ...(['container', 'vm'] as const).flatMap((column) => [
      ...indented([heading(column, context)], '  '),
      ...indented(halfText(row.halves[column], context), '    '),
    ]),
    ...indented(
      row.others.map(({ cell, runner }) => `${printable(runner.label)}: ${cellText(cell, result.level, words)}`),
      '  ',
    ),
  ]);
}

export function tableLines(view: ReportView, context: TableContext): readonly string[] {
  return context.width >= SIDE_BY_SIDE ? sideBySide(view, context) : stacked(view, context);
}

import type { Gate, GateCell, GateVerdict } from '../bench/verdict/gate.ts';
import type { Unlike } from '../bench/verdict/kinship.ts';
import { listRows } from './terminal-grid.ts';
import { styleFor } from './terminal-style.ts';
import { escapeMarkdown, printable } from './text.ts';
import { formatLevel, formatProbability, formatRatio, formatShare, formatValue } from './units.ts';

const WORDS: Readonly<Record<GateVerdict, string>> = {
  regression: 'regression',
  passed: 'passed',
  'not-resolved': 'not resolved',
};

const MARKS: Readonly<Record<GateVerdict, string>> = { regression: '✗', passed: '✓', 'not-resolved': '?' };

function side({ n, failures, median }: GateCell['a'], unit: string): string {
  const failed = failures === 0 ? '' : `, ${failures} failed`;
  return `${median === null ? 'no value' : formatValue(median, unit)} (n ${n}${failed})`;
}

/** How many times worse, with both one-sided bounds. */
function change({ worse, atLeast, atMost }: GateCell): string {
  const value = worse === null ? 'no ratio' : formatRatio(worse);
  const [low, high] = [atLeast, atMost].map((bound) => (bound === null ? 'none' : formatRatio(bound)));
  return `${value} (at least ${low}, at most ${high})`;
}

function cells(cell: GateCell): readonly string[] {
  return [cell.key, side(cell.a, cell.unit), side(cell.b, cell.unit), change(cell)].map((text) => printable(text));
}

function changed({ what, a, b }: Unlike): string {
  return printable(`${what}: ${a} → ${b}`);
}

/** What holds of the whole gate, in sentences. */
function notes({ level, maxRegression, cells: gated, controls, missing, paired }: Gate): readonly string[] {
  const weakest = Math.max(...gated.map(({ smallestP }) => smallestP));
  const moved = controls.filter(({ atLeast, atMost }) => (atLeast ?? 0) > 1 || (atMost ?? Infinity) < 1);
  return [
    `A change above 1 is worse. A cell fails when it is worse by more than ${formatShare(maxRegression)} for certain: each bound holds at ${formatLevel(level)}, one-sided, so that all ${gated.length} together keep 95%.`,
    `The smallest p that the fewest blocks here can give is ${formatProbability(weakest)}.`,
    ...(missing.length === 0 ? [] : [`Only the first run has: ${missing.map((key) => printable(key)).join(', ')}.`]),
    ...(moved.length === 0
      ? []
      : [
          paired
            ? 'The same program without a box differs too: it gets what the two configurations say of CPUs, or one side is disturbed.'
            : `The same program without a box moved too (${moved.map(({ key, worse }) => `${printable(key)} ${worse === null ? '' : formatRatio(worse)}`.trim()).join(', ')}): the two sessions differ, and part of every change is theirs.`,
        ]),
  ];
}

/** The gate as people read it on a terminal. */
export function renderGate(gate: Gate, options: { readonly color: boolean; readonly width: number }): string {
  const style = styleFor(options.color);
  const { width } = options;
  const paint: Readonly<Record<GateVerdict, (text: string) => string>> = {
    regression: style.bad,
    passed: style.verdict.holds,
    'not-resolved': style.verdict['not-resolved'],
  };
  const rows = (list: readonly GateCell[], verdicts: boolean) =>
    listRows(
      list.map((cell) => {
        const verdict = paint[cell.verdict](`${MARKS[cell.verdict]} ${WORDS[cell.verdict]}`);
        return verdicts ? [verdict, ...cells(cell)] : [...cells(cell)];
      }),
      width,
    );
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', style.heading(title), ...lines];
  return [
    `${paint[gate.verdict](`${MARKS[gate.verdict]} ${WORDS[gate.verdict]}`)}: ${printable(gate.b.runId)} against ${printable(gate.a.runId)}`,
    ...section('cells', rows(gate.cells, true)),
    ...section('controls', rows(gate.controls, false)),
    ...section(
      'what changed',
      gate.changes.map((pair) => `  ${changed(pair)}`),
    ),
    ...section(
      'notes',
      notes(gate).map((note) => `  ${note}`),
    ),
    '',
  ].join('\n');
}

/** The same for a pull request. */
export function gateMarkdown(gate: Gate): string {
  const line = (columns: readonly string[]) => `| ${columns.join(' | ')} |`;
  const row = (cell: GateCell, verdict: string) => line([...cells(cell).map(escapeMarkdown), verdict]);
  return [
    `### ${MARKS[gate.verdict]} ${WORDS[gate.verdict]}`,
    '',
    `\`${gate.b.runId}\` against \`${gate.a.runId}\``,
    '',
    line(['cell', 'before', 'after', 'times worse', '']),
    line(['---', '---', '---', '---', '---']),
    ...gate.cells.map((cell) => row(cell, `${MARKS[cell.verdict]} **${WORDS[cell.verdict]}**`)),
    ...gate.controls.map((cell) => row(cell, 'control')),
    '',
    ...gate.changes.map((pair) => `- ${escapeMarkdown(changed(pair))}`),
    ...(gate.changes.length === 0 ? [] : ['']),
    ...notes(gate).flatMap((note) => [note, '']),
  ].join('\n');
}

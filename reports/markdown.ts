import type { Result } from '../bench/model/result.ts';
import {
  cellText,
  halfWithoutMarkedText,
  hostText,
  medianText,
  ratioIntervalText,
  ratioText,
  ratioVerdictText,
  type Showing,
  shownCell,
  timeText,
} from './phrases.ts';
import type { Shows } from './subjects.ts';
import { escapeMarkdown, printable } from './text.ts';
import { formatLevel } from './units.ts';
import { type HalfView, type ReportView, type TableRow, viewOf } from './view-model.ts';
import { type Lang, type Words, WORDS } from './words.ts';

function safe(text: string): string {
  return escapeMarkdown(printable(text));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function halfCells(half: HalfView | null, shows: Shows, showing: Showing, lang: Lang): readonly string[] {
  if (!half) return ['', '', ''];
  const { words } = showing;
  const deciding = half.measured.map((cell) => {
    const { name, value, support } = shownCell(cell, shows, showing);
    return safe(`${name} ${value} (${support})`);
  });
  const beside = half.beside.map((cell) => safe(words.projected(medianText(cell, words))));
  const measured = half.emulated ? words.emulatedBelow : [...deciding, ...beside].join('<br>');
  const unmarked = halfWithoutMarkedText(half, words);
  const said = `**${words.claim[half.verdict]}**: ${safe(half.reason[lang])}`;
  return [safe(half.source[lang]), measured, unmarked === null ? said : `${said}<br>${safe(unmarked)}`];
}

/** What sandboxes have to say to a row, each by its name where there are several. */
function sandboxText({ sandboxes, shows }: TableRow, showing: Showing): string {
  const { view } = showing;
  return sandboxes
    .map(({ cell, runner }) => {
      const { name, value, support } = shownCell(cell, shows, showing);
      return safe(`${view.sandboxes.length > 1 ? `${runner.label}: ` : ''}${name} ${value} (${support})`);
    })
    .join('<br>');
}

function sourceTable(view: ReportView, result: Result, words: Words, lang: Lang): readonly string[] {
  const showing = { view, level: result.level, words };
  const heads = view.places.map((place) => {
    if (place === 'sandbox') return [`${words.sandbox}: ${view.sandboxes.map(({ label }) => safe(label)).join(', ')}`];
    const id = result.columns[place];
    return [words[place], id === null ? words.noRunner : safe(view.runner(id).label), ''];
  });
  const rows = view.table.map((row) => [
    safe(row.feature[lang]),
    ...view.places.flatMap((place) =>
      place === 'sandbox' ? [sandboxText(row, showing)] : halfCells(row.halves[place], row.shows, showing, lang),
    ),
  ]);
  return table([words.feature, ...heads.flat()], rows);
}

function ratioTable(view: ReportView, result: Result, words: Words): readonly string[] {
  const shown = view.ratios.filter(({ cell }) => cell.primary);
  if (shown.length === 0) return [words.noRatios];
  return table(
    ['', '', words.ratios, '', 'n', ''],
    shown.map(({ cell, runner, ratio }) => [
      ...[safe(view.nameOf(cell)), safe(runner.label), ratioText(ratio, words), ratioIntervalText(ratio, words)],
      ...[String(ratio.n), ratioVerdictText(ratio, result.delta, words)],
    ]),
  );
}

function emulated(view: ReportView, result: Result, words: Words): readonly string[] {
  return view.emulated.flatMap(({ runner, cells }) => [
    '',
    `## ${safe(runner.title)}`,
    '',
    words.emulatedNote,
    '',
    ...cells.map(
      (cell) => `- ${safe(`${cell.experiment} ${view.nameOf(cell)}`)}: ${safe(cellText(cell, result.level, words))}`,
    ),
  ]);
}

function failures(view: ReportView, result: Result, words: Words): readonly string[] {
  if (result.failures.length === 0) return [words.noFailures];
  return result.failures.map((failure) => {
    const where = `${view.runner(failure.runner).label}, ${failure.experiment}, ${failure.workload}, ${failure.phase}, ${failure.stage}`;
    return `- ${words.times(failure.count)} ${safe(where)}: ${safe(`${failure.code}: ${failure.message}`)}`;
  });
}

/** The table and the ratios as GitHub-flavoured Markdown, for a README or a ticket. Ends with a newline. */
export function renderMarkdown(result: Result, lang: Lang = 'en'): string {
  const words = WORDS[lang];
  const view = viewOf(result, lang);
  const lines = [
    `# tare ${safe(result.runId)}`,
    '',
    `${timeText(result.startedAt)} · ${words.outcome[result.outcome]} · ${escapeMarkdown(hostText(result, words))}`,
    '',
    ...sourceTable(view, result, words, lang),
    '',
    `## ${words.ratios}`,
    '',
    ...ratioTable(view, result, words),
    ...emulated(view, result, words),
    '',
    `## ${words.failures}`,
    '',
    ...failures(view, result, words),
    '',
    `${words.level(formatLevel(result.level), result.comparisons)}. ${words.units}.`,
  ];
  return `${lines.join('\n')}\n`;
}

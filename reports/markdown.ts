import type { Result } from '../bench/model/result.ts';
import { cellText, hostText, ratioIntervalText, ratioText, ratioVerdictText, timeText } from './phrases.ts';
import { escapeMarkdown, printable } from './text.ts';
import { formatLevel } from './units.ts';
import { type HalfView, type ReportView, viewOf } from './view-model.ts';
import { type Lang, type Words, WORDS } from './words.ts';

function safe(text: string): string {
  return escapeMarkdown(printable(text));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function halfCells(half: HalfView | null, result: Result, words: Words, lang: Lang): readonly string[] {
  if (!half) return ['', '', ''];
  const measured = half.emulated
    ? words.emulatedBelow
    : half.measured.map((cell) => safe(`${cell.metric} ${cellText(cell, result.level, words)}`)).join('<br>');
  return [safe(half.source[lang]), measured, `**${words.claim[half.verdict]}**: ${safe(half.reason)}`];
}

function sourceTable(view: ReportView, result: Result, words: Words, lang: Lang): readonly string[] {
  const named = (column: 'container' | 'vm') => {
    const id = result.columns[column];
    return id === null ? words.noRunner : safe(view.runner(id).label);
  };
  const head = [words.feature, words.container, named('container'), '', words.vm, named('vm'), ''];
  const rows = view.table.map((row) => [
    safe(row.feature[lang]),
    ...halfCells(row.halves.container, result, words, lang),
    ...halfCells(row.halves.vm, result, words, lang),
  ]);
  return table(head, rows);
}

function ratioTable(view: ReportView, result: Result, words: Words): readonly string[] {
  if (view.ratios.length === 0) return [words.noRatios];
  return table(
    ['', '', words.ratios, '', 'n', ''],
    view.ratios.map(({ cell, runner, ratio }) => [
      ...[safe(cell.metric), safe(runner.label), ratioText(ratio, words), ratioIntervalText(ratio, words)],
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
      (cell) => `- ${safe(`${cell.experiment} ${cell.metric}`)}: ${safe(cellText(cell, result.level, words))}`,
    ),
  ]);
}

function failures(view: ReportView, result: Result, words: Words): readonly string[] {
  if (result.failures.length === 0) return [words.noFailures];
  return result.failures.map((failure) => {
    const where = `${view.runner(failure.runner).label}, ${failure.experiment}, ${failure.phase}, ${failure.stage}`;
    return `- ${words.times(failure.count)} ${safe(where)}: ${safe(`${failure.code}: ${failure.message}`)}`;
  });
}

/** The table and the ratios as GitHub-flavoured Markdown, for a README or a ticket. Ends with a newline. */
export function renderMarkdown(result: Result, lang: Lang = 'en'): string {
  const words = WORDS[lang];
  const view = viewOf(result);
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

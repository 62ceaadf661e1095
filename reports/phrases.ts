import type { Cell, RatioToNative, Result } from '../bench/model/result.ts';
import { printable } from './text.ts';
import type { Shows } from './subjects.ts';
import type { HalfView, ReportView } from './view-model.ts';
import { formatInterval, formatLevel, formatRatio, formatRatioInterval, formatValue } from './units.ts';
import type { Words } from './words.ts';

/** Phrases that several renderers share. */

/** Two levels that differ by rounding only are the same. */
const LEVEL_TOLERANCE = 1e-9;

/** `812 ms`, or why there is none. */
export function medianText(cell: Cell, words: Words): string {
  if (cell.median !== null) return formatValue(cell.median, cell.unit);
  return cell.failures > 0 ? words.failed(cell.failures) : words.noValue;
}

/** `790–840 ms`, with its level where that is below the asked one; null where there is none, or no bound at all. */
export function intervalText(cell: Cell, level: number, words: Words): string | null {
  if (!cell.ci || (cell.ci.lo === null && cell.ci.hi === null)) return null;
  const short = cell.ci.level < level - LEVEL_TOLERANCE ? ` (${words.belowLevel(formatLevel(cell.ci.level))})` : '';
  return `${formatInterval(cell.ci, cell.unit)}${short}`;
}

/** `790–840 ms, n 12, 2 failed`. */
export function supportText(cell: Cell, level: number, words: Words): string {
  const parts = [intervalText(cell, level, words) ?? words.noInterval, words.n(cell.n)];
  if (cell.failures > 0 && cell.median !== null) parts.push(words.failed(cell.failures));
  if (cell.status === 'not-comparable') parts.push(words.notComparable);
  return parts.join(', ');
}

/** `812 ms (790–840 ms, n 12)`. */
export function cellText(cell: Cell, level: number, words: Words): string {
  return `${medianText(cell, words)} (${supportText(cell, level, words)})`;
}

/** A cell as a row of the table shows it: by its value, or by its ratio to native. */
export interface ShownCell {
  readonly name: string;
  readonly value: string;
  readonly support: string;
}

export interface Showing {
  readonly view: ReportView;
  readonly level: number;
  readonly words: Words;
}

/** The text of a cell by its value or its ratio. */
export function shownCell(cell: Cell, shows: Shows, { view, level, words }: Showing): ShownCell {
  if (shows === 'ratio') return shownRatio(cell, view.nameOf(cell), words);
  return { name: cell.metric, value: medianText(cell, words), support: supportText(cell, level, words) };
}

function shownRatio(cell: Cell, name: string, words: Words): ShownCell {
  const ratio = cell.ratioToNative;
  if (ratio) {
    return {
      ...{ name, value: ratioText(ratio, words) },
      support: `${ratioIntervalText(ratio, words)}, ${words.n(ratio.n)}`,
    };
  }
  const why = cell.status === 'not-comparable' ? words.notComparable : supportText(cell, 0, words);
  return { name, value: words.noRatio, support: why };
}

/** How a cell changes without the blocks in which a guard tripped; null where none did. */
export function withoutMarkedText(cell: Cell, delta: number, words: Words): string | null {
  if (!cell.withoutMarked) return null;
  const { n, median, ratioToNative: ratio } = cell.withoutMarked;
  const value = median === null ? words.noValue : formatValue(median, cell.unit);
  const compared =
    ratio &&
    `${ratioText(ratio, words)} (${ratioIntervalText(ratio, words)}), ${ratioVerdictText(ratio, delta, words)}`;
  return words.withoutMarked(value, compared, n);
}

/** What the blocks without a mark say of a half; null where none of its evidence is marked, or there is nothing to judge anyway. */
export function halfWithoutMarkedText({ verdict, withoutMarked }: HalfView, words: Words): string | null {
  if (!withoutMarked) return null;
  if (withoutMarked.verdict !== verdict) return words.otherWithoutMarked(words.claim[withoutMarked.verdict]);
  return verdict === 'not-assessable' ? null : words.sameWithoutMarked;
}

/** `3.42×`, or why there is none. */
export function ratioText(ratio: RatioToNative, words: Words): string {
  if (ratio.value !== null) return formatRatio(ratio.value);
  return ratio.n === 0 ? words.noValue : '∞';
}

export function ratioIntervalText(ratio: RatioToNative, words: Words): string {
  return ratio.ci ? formatRatioInterval(ratio.ci) : words.noInterval;
}

/** `slower by more than 5%`, `not resolved: needs about 24 blocks`. */
export function ratioVerdictText(ratio: RatioToNative, delta: number, words: Words): string {
  const verdict = words.comparison(ratio.verdict, ratio.beyondDelta, delta);
  return ratio.verdict === 'not-resolved' && ratio.needsBlocks !== null
    ? `${verdict}: ${words.needs(ratio.needsBlocks)}`
    : verdict;
}

/** One line about the machine. */
export function hostText({ host }: Result, words: Words): string {
  return [
    host.cpuModel === null ? null : printable(host.cpuModel),
    words.cpus(host.cpus),
    words.memory(formatValue(host.memoryBytes, 'bytes')),
    `Linux ${printable(host.kernel)}`,
    printable(host.distribution),
    host.kvm ? words.kvm : words.noKvm,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** `2026-01-02 03:04:05 UTC` of an RFC 3339 stamp; another text stays as it is. */
export function timeText(stamp: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(stamp);
  return match ? `${match[1]} ${match[2]} UTC` : printable(stamp);
}

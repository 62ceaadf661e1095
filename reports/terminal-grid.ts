import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns on a terminal: a wide character takes two places, an escape sequence none. */

const GAP = '  ';

/** Breaks a text at spaces, and inside words that are too long, into lines of at most `width` places. */
export function wrap(text: string, width: number): readonly string[] {
  return wrapAnsi(text, Math.max(8, width), { hard: true, trim: true }).split('\n');
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** One row whose cells are lists of paragraphs; every cell is wrapped to its column. */
export function gridRow(cells: readonly (readonly string[])[], widths: readonly number[]): readonly string[] {
  const columns = cells.map((paragraphs, index) => paragraphs.flatMap((text) => wrap(text, widths[index] ?? 0)));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, index) => pad(lines[line] ?? '', widths[index] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/**
 * Rows of one line each in columns as wide as their widest cell; the last column is wrapped to what is left of `width`, and
 * stands below the others, indented, where too little is left.
 */
export function listRows(rows: readonly (readonly string[])[], width: number): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widest = (column: number) => Math.max(0, ...rows.map((row) => stringWidth(row[column] ?? '')));
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, column) => widest(column));
  const taken = widths.reduce((sum, places) => sum + places + GAP.length, 0);
  const left = width - taken - GAP.length;
  if (left >= Math.min(24, widest(count - 1))) {
    const columns = [...widths, left];
    return rows.flatMap((row) =>
      gridRow(
        row.map((cell) => [cell]),
        columns,
      ).map((line) => GAP + line),
    );
  }
  return rows.flatMap((row) => {
    const first = row.slice(0, -1).join(GAP);
    const last = wrap(row.at(-1) ?? '', width - 2 * GAP.length).map((line) => GAP + GAP + line);
    return [...wrap(first, width - GAP.length).map((line) => GAP + line), ...last];
  });
}

export function spread(text: string, width: number): readonly string[] {
  return wrap(text, width - GAP.length).map((line) => GAP + line);
}

export function rule(width: number): string {
  return '─'.repeat(width);
}

import type { ChartRow, RowChart } from '../html/charts.ts';
import { type Content, html, type Markup } from '../html/markup.ts';
import { at, INK, line, QUIET, type Scale, scaleOf, TONES, uprightGrid, WIDTH, words } from './canvas.ts';

/** Charts with a row for each runner. */

const [LEFT, RIGHT, TOP, ROW] = [20, WIDTH - 32, 44, 50];
const MARK_BELOW = 34;

interface Placed {
  readonly row: ChartRow;
  readonly y: number;
  readonly x: Scale;
  readonly ink: string;
}

function interval({ row, x, y }: Placed, thickness: number, ink: string, opacity: number): Content {
  if (!row.interval) return null;
  const { lo, hi } = row.interval;
  const [from, to] = [lo === null ? LEFT : x(lo), hi === null ? RIGHT : x(hi)];
  const arrow = html`<path d="M${RIGHT} ${y} l-8 -5 v10 z" fill="${ink}"/>\n`;
  const bar = html`<rect x="${from}" y="${at(y - thickness / 2)}" width="${at(Math.max(to - from, 1.5))}" height="${thickness}" fill="${ink}" fill-opacity="${opacity}"/>\n`;
  return [bar, hi === null ? arrow : null];
}

function dot({ row, x, y, ink }: Placed): Content {
  const { points } = row;
  const dots = points.map(({ value, marked }, index) => {
    const down = points.length < 2 ? 0 : 9 * ((2 * index) / (points.length - 1) - 1);
    const [cx, cy] = [x(value), at(y + down)];
    return marked
      ? html`<path d="M${cx} ${at(cy - 4)} l4 7 h-8 z" fill="${ink}" fill-opacity="0.55" stroke="${ink}"/>\n`
      : html`<circle cx="${cx}" cy="${cy}" r="2.6" fill="${ink}" fill-opacity="0.55" stroke="${ink}"/>\n`;
  });
  return dots;
}

const MARKS: Readonly<Record<RowChart['kind'], (placed: Placed) => Content>> = {
  dots: (placed) => {
    const { row, x, y, ink } = placed;
    const middle = row.middle === null ? null : line(x(row.middle), y - 11, x(row.middle), y + 11, ink, 2);
    return [interval(placed, 16, ink, 0.22), dot(placed), middle];
  },
  bars: (placed) => {
    const { row, x, y, ink } = placed;
    const [zero, end] = [x(0), x(row.middle ?? 0)];
    const fill = row.hollow ? '#ffffff' : ink;
    const whisker = row.interval?.lo === row.interval?.hi ? null : interval(placed, 2, INK, 0.75);
    return [
      html`<rect x="${zero}" y="${at(y - 6)}" width="${at(end - zero)}" height="12" fill="${fill}" stroke="${ink}"/>\n`,
      whisker,
    ];
  },
  forest: (placed) => {
    const { row, x, y, ink } = placed;
    const fill = row.hollow ? '#ffffff' : ink;
    const diamond =
      row.middle === null
        ? null
        : html`<path d="M${x(row.middle)} ${at(y - 6)} l6 6 l-6 6 l-6 -6 z" fill="${fill}" stroke="${ink}" stroke-width="1.5"/>\n`;
    return [interval(placed, 2, ink, 1), diamond];
  },
  timeline: ({ row, x, y, ink }) => {
    const places = row.points.map(({ value }) => x(value));
    let free = RIGHT;
    // Of names that would meet, the later one is written; seven units hold a letter.
    const names = row.points.toReversed().flatMap(({ value, name = '' }) => {
      const width = 7 * name.length;
      const end = Math.min(x(value) + width / 2, RIGHT);
      if (end > free || end - width < LEFT) return [];
      free = end - width - 6;
      return [words(name, { x: end, y: y + 17 }, { size: 11, ink: QUIET, anchor: 'end' })];
    });
    return [
      line(Math.min(...places), y, Math.max(...places), y, ink, 3),
      places.map((cx) => html`<circle cx="${cx}" cy="${y}" r="4.5" fill="${ink}"/>\n`),
      names,
    ];
  },
  stack: ({ row, x, y, ink }) =>
    row.points.map(({ value }, part) => {
      const from = x(row.points[part - 1]?.value ?? 0);
      const opacity = part === 0 ? 1 : 0.3;
      return html`<rect x="${from}" y="${at(y - 6)}" width="${at(x(value) - from)}" height="12" fill="${ink}" fill-opacity="${opacity}" stroke="${ink}"/>\n`;
    }),
};

function band({ band: ends }: RowChart, x: Scale, bottom: number): Content {
  if (!ends) return null;
  const [from, to] = [x(ends[0]), x(ends[1])];
  return [
    html`<rect x="${from}" y="${TOP}" width="${at(to - from)}" height="${bottom - TOP}" fill="${QUIET}" fill-opacity="0.14"/>\n`,
    line(x(1), TOP, x(1), bottom, INK),
  ];
}

function label({ row, y, ink }: Placed): Markup {
  const text = html`<tspan font-weight="700" fill="${ink}">${row.label}</tspan><tspan dx="8" font-weight="700">${row.value}</tspan><tspan dx="8" fill="${QUIET}">${row.detail}</tspan>`;
  return words(text, { x: LEFT, y: y - 15 });
}

export function drawRows(chart: RowChart): { readonly height: number; readonly content: Content } {
  const bottom = TOP + chart.rows.length * ROW;
  const x = scaleOf(chart.axis, LEFT, RIGHT);
  const placed = chart.rows.map((row, index) => ({ row, x, y: TOP + index * ROW + MARK_BELOW, ink: TONES[row.tone] }));
  const content = [
    uprightGrid(chart.axis, x, TOP, bottom),
    band(chart, x, bottom),
    placed.map((one) => [MARKS[chart.kind](one), label(one)]),
  ];
  return { height: bottom + 28, content };
}

import type { CurveChart, CurveLine } from '../html/curves.ts';
import { type Content, html, type Markup } from '../html/markup.ts';
import { levelGrid, QUIET, type Scale, scaleOf, TONES, uprightGrid, WIDTH, words } from './canvas.ts';

/** Curves over an axis, each with its name. */

const [LEFT, RIGHT, TOP, BOTTOM] = [72, WIDTH - 110, 44, 330];
const DASHES = ['none', '6 3', '2 3', '8 3 2 3'];
const APART = 15;

function path({ points }: CurveLine, x: Scale, y: Scale, stepped: boolean): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      if (index === 0 || !before) return `M${x(point.x)} ${y(point.y)}`;
      return stepped ? `H${x(point.x)} V${y(point.y)}` : `L${x(point.x)} ${y(point.y)}`;
    })
    .join(' ');
}

function drawLine(curve: CurveLine, x: Scale, y: Scale, stepped: boolean): Content {
  const ink = TONES[curve.tone];
  const dash = DASHES[curve.style % DASHES.length] ?? 'none';
  const dots = curve.points.map((point) => {
    return html`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="${stepped ? 1.6 : 2.8}" fill="${ink}"/>\n`;
  });
  return [
    html`<path d="${path(curve, x, y, stepped)}" fill="none" stroke="${ink}" stroke-width="1.5" stroke-dasharray="${dash}"/>\n`,
    dots,
  ];
}

/** Names beside their lines; those that would meet move up, or down where there is no room above. */
function names({ lines }: CurveChart, across: Scale, up: Scale): readonly Markup[] {
  const ends = lines.flatMap(({ label, labelAt, tone, points }) => {
    const point = points.at(labelAt ?? -1);
    return label === null || !point ? [] : [{ label, tone, x: across(point.x) + 8, y: up(point.y) + 4 }];
  });
  const placed: { readonly x: number; readonly y: number; readonly width: number }[] = [];
  return ends
    .toSorted((a, b) => b.y - a.y)
    .map((end) => {
      const width = 7 * end.label.length;
      const at = Math.max(end.y, TOP + 4);
      let y = at;
      const meets = () =>
        placed.find((one) => Math.abs(one.y - y) < APART && one.x < end.x + width && end.x < one.x + one.width);
      for (const step of [-APART, APART]) {
        y = at;
        for (let other = meets(); other; other = meets()) y = other.y + step;
        if (y >= TOP) break;
      }
      placed.push({ x: end.x, y, width });
      return words(end.label, { x: end.x, y }, { ink: TONES[end.tone], weight: 700 });
    });
}

export function drawCurves(chart: CurveChart): { readonly height: number; readonly content: Content } {
  const [x, y] = [scaleOf(chart.axis, LEFT, RIGHT), scaleOf(chart.upright, BOTTOM, TOP)];
  const content = [
    uprightGrid(chart.axis, x, TOP, BOTTOM),
    levelGrid(chart.upright, y, LEFT, RIGHT),
    chart.lines.map((curve) => drawLine(curve, x, y, chart.stepped === true)),
    names(chart, x, y),
    words(chart.axisTitle, { x: (LEFT + RIGHT) / 2, y: BOTTOM + 38 }, { ink: QUIET, anchor: 'middle' }),
  ];
  return { height: BOTTOM + 52, content };
}

import { type Content, html, type Markup } from '../html/markup.ts';
import type { Axis } from '../html/ticks.ts';
import type { Tone } from '../view-model.ts';

/** What the figures for papers are drawn with: one width, print colours, text that stays text. */

export const WIDTH = 720;
export const FONT = 'Helvetica, Arial, sans-serif';
export const INK = '#17212b';
export const QUIET = '#55626f';
const RULE = '#d8dee4';

/** As in the page's light scheme. */
export const TONES: Readonly<Record<Tone, string>> = {
  native: '#5a6773',
  container: '#0a6ebd',
  sandbox: '#0b7a6b',
  vm: '#b4490b',
  emulated: '#7647b0',
  harness: '#77818b',
};

/** Two digits after the point are below what can be seen. */
export function at(value: number): number {
  return Number(value.toFixed(2));
}

/** From values to places between two ends. */
export type Scale = (value: number) => number;

export function scaleOf({ log, min, max }: Axis, from: number, to: number): Scale {
  const place = (value: number) => (log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min));
  return (value) => at(from + place(value) * (to - from));
}

/** @param anchor where in the text its place lies. */
export function words(
  text: Content,
  place: { readonly x: number; readonly y: number },
  style: { readonly size?: number; readonly ink?: string; readonly weight?: number; readonly anchor?: string } = {},
): Markup {
  const { size = 12, ink = INK, weight = 400, anchor = 'start' } = style;
  return html`<text x="${at(place.x)}" y="${at(place.y)}" font-size="${size}" font-weight="${weight}" fill="${ink}" text-anchor="${anchor}">${text}</text>\n`;
}

export function line(x1: number, y1: number, x2: number, y2: number, ink: string, width = 1): Markup {
  return html`<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${ink}" stroke-width="${width}"/>\n`;
}

/** Upright lines at the ticks of an axis, with their labels below. */
export function uprightGrid({ ticks }: Axis, x: Scale, top: number, bottom: number): readonly Markup[] {
  return ticks.flatMap(({ value, label }) => [
    line(x(value), top, x(value), bottom, RULE),
    words(label, { x: x(value), y: bottom + 16 }, { ink: QUIET, anchor: 'middle' }),
  ]);
}

export function levelGrid({ ticks }: Axis, y: Scale, left: number, right: number): readonly Markup[] {
  return ticks.flatMap(({ value, label }) => [
    line(left, y(value), right, y(value), RULE),
    words(label, { x: left - 6, y: y(value) + 4 }, { ink: QUIET, anchor: 'end' }),
  ]);
}

/** @param description the figure in words, for whoever does not see it. */
export function figureOf(title: string, description: string, height: number, content: Content): string {
  const { text } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="${FONT}" role="img">
<title>${title}</title>
<desc>${description}</desc>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${words(title, { x: 16, y: 24 }, { size: 14, weight: 700 })}${content}</svg>
`;
  return text;
}

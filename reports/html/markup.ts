import { escapeHtml, printable } from '../text.ts';

/** HTML that is safe to show: only `html` and `trusted` make it, and `html` escapes every text put into it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

function render(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeHtml(printable(content));
  return content.map(render).join('');
}

/**
 * A piece of a page. Texts put in become one visible, bounded, escaped line; null becomes nothing; lists are joined.
 * Attributes must stand in double quotes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.map((text, index) => text + render(values[index] ?? null)).join(''));
}

/** Text of tare's own that is markup already: style, script, and JSON from `scriptJson`. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** Contents with something between them. */
export function joined(contents: readonly Content[], separator: Markup): Content {
  return contents.map((content, index) => (index === 0 ? content : [separator, content]));
}

import { stripVTControlCharacters } from 'node:util';

/** Text out of instances and of the host is hostile: everything that a report shows passes through here first. */

/** Longest text that a report shows of one value, in code points. */
export const TEXT_LIMIT = 400;

/** Invisible or able to change how the text around it is shown: controls, formats (bidi, zero width), private use. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}]/gu;

/** One bounded line of visible characters: no escape sequences, controls or bidi marks; runs of white space become one space. */
export function printable(text: string, limit = TEXT_LIMIT): string {
  // Cut before anything else works on it, since a message may be megabytes long.
  const bounded = text.slice(0, limit * 8);
  const visible = stripVTControlCharacters(bounded)
    .toWellFormed()
    .replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(INVISIBLE, '')
    .trim();
  const points = Array.from(visible);
  const whole = points.length <= limit && bounded.length === text.length;
  return whole ? visible : `${points.slice(0, limit - 1).join('')}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** JSON that cannot end the script element around it, nor open a comment in it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For a cell of a Markdown table: no markup, no HTML, no end of the cell. */
export function escapeMarkdown(text: string): string {
  return escapeHtml(text.replaceAll(/[\\`*_[\]|~]/g, (character) => `\\${character}`));
}

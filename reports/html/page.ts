import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { scriptJson } from '../text.ts';
import { chartLibrary } from './chart-library.ts';
import type { Lang } from '../words.ts';
import { type Content, html, type Markup, trusted } from './markup.ts';

/** The page around the content: one file that asks for no other, and runs no script but its own. */

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8').trimEnd();

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The content in one language. */
export interface Language {
  readonly lang: Lang;
  readonly title: string;
  readonly body: Content;
  /** For the script, as `application/json`. */
  readonly data: unknown;
}

function dataElement({ lang, data }: Language): Markup {
  return html`<script type="application/json" id="report-data-${lang}">${trusted(scriptJson(data))}</script>`;
}

/** @param other stands in a template, which the script puts in place of `shown` where the URL asks for its language. */
export function page({ shown, other }: { readonly shown: Language; readonly other: Language }): string {
  const style = asset('style.css');
  const scripts = [chartLibrary(), asset('client.js')];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const content: Markup = html`<!doctype html>
<html lang="${shown.lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${shown.title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<div id="report">
${shown.body}
</div>
<template id="report-${other.lang}" data-title="${other.title}">
${other.body}
</template>
${dataElement(shown)}
${dataElement(other)}
${scripts.map((script) => html`<script>${trusted(script)}</script>\n`)}</body>
</html>
`;
  return content.text;
}

import { join } from 'node:path';
import type { Bundle } from '../journal/read.ts';
import { replaceFile } from '../journal/write.ts';
import type { Result } from '../model/result.ts';
import { deriveResult } from '../verdict/result.ts';
import { samplesCsv, tableCsv } from '../../reports/csv.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { resultJson } from '../../reports/result-json.ts';

export const FORMATS = ['json', 'csv', 'html', 'md'] as const;
export type Format = (typeof FORMATS)[number];

/** What a format's files hold, by name; from the evidence alone. */
function filesOf(format: Format, bundle: Bundle, result: Result): Readonly<Record<string, string>> {
  const { manifest, events } = bundle;
  switch (format) {
    case 'json':
      return { 'result.json': resultJson(result) };
    case 'csv':
      return { 'table.csv': tableCsv(result), 'samples.csv': samplesCsv(events, manifest) };
    case 'html':
      return { 'report.html': renderHtml({ result, manifest, events }) };
    case 'md':
      return { 'table.md': renderMarkdown(result) };
  }
}

/** Writes the derived files of a bundle, each in one step; returns the result and the paths. */
export function writeDerived(bundle: Bundle, formats: readonly Format[]): { result: Result; paths: readonly string[] } {
  const result = deriveResult(bundle);
  const files = formats.flatMap((format) => Object.entries(filesOf(format, bundle, result)));
  const paths = files.map(([name, text]) => {
    const path = join(bundle.folder, name);
    replaceFile(path, text);
    return path;
  });
  return { result, paths };
}

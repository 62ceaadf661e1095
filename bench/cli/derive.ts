import { join } from 'node:path';
import type { Bundle } from '../journal/read.ts';
import { replaceFile } from '../proc/replace-file.ts';
import type { Result } from '../model/result.ts';
import { ownGate } from '../verdict/paired-gate.ts';
import { deriveResult } from '../verdict/result.ts';
import { samplesCsv, tableCsv } from '../../reports/csv.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { resultJson } from '../../reports/result-json.ts';

export const FORMATS = ['json', 'csv', 'html', 'md'] as const;
export type Format = (typeof FORMATS)[number];

type Renderer = (bundle: Bundle, result: Result) => Readonly<Record<string, string>>;

/** What each format's files hold, by name; from the evidence alone. */
const RENDERERS: Readonly<Record<Format, Renderer>> = {
  json: (_, result) => ({ 'result.json': resultJson(result) }),
  csv: ({ manifest, events }, result) => ({
    'table.csv': tableCsv(result),
    'samples.csv': samplesCsv(events, manifest),
  }),
  html: (bundle, result) => {
    const { manifest, events } = bundle;
    return { 'report.html': renderHtml({ result, manifest, events, gate: ownGate(bundle) }) };
  },
  md: (_, result) => ({ 'table.md': renderMarkdown(result) }),
};

/** Writes the derived files of a bundle, each in one step; returns the result and the paths. */
export function writeDerived(bundle: Bundle, formats: readonly Format[]): { result: Result; paths: readonly string[] } {
  const result = deriveResult(bundle);
  const files = formats.flatMap((format) => Object.entries(RENDERERS[format](bundle, result)));
  const paths = files.map(([name, text]) => {
    const path = join(bundle.folder, name);
    replaceFile(path, text);
    return path;
  });
  return { result, paths };
}

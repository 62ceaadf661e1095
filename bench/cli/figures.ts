import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '../journal/read.ts';
import { replaceFile } from '../proc/replace-file.ts';
import type { Result } from '../model/result.ts';
import { exec } from '../proc/exec.ts';
import { renderFigures } from '../../reports/svg/render.ts';
import type { Lang } from '../../reports/words.ts';

export const FIGURE_FORMATS = ['svg', 'png'] as const;
export type FigureFormat = (typeof FIGURE_FORMATS)[number];

/** Of a figure 720 wide: enough for print in one column. */
const ZOOM = '3';

/**
 * Writes every chart of the report for a paper, into the folder `figures` of the bundle.
 * @returns the paths. @throws CommandError `TOOL_MISSING` where a PNG is asked for and nothing draws it.
 */
export async function writeFigures(
  { folder, manifest, events }: Bundle,
  result: Result,
  formats: readonly FigureFormat[],
  lang: Lang,
): Promise<readonly string[]> {
  if (formats.length === 0) return [];
  const target = join(folder, 'figures');
  mkdirSync(target, { recursive: true });
  const paths: string[] = [];
  for (const [name, svg] of Object.entries(renderFigures({ result, manifest, events, gate: null }, lang))) {
    const [vector, pixels] = [join(target, name), join(target, name.replace(/\.svg$/, '.png'))];
    if (formats.includes('svg')) {
      replaceFile(vector, svg);
      paths.push(vector);
    }
    if (formats.includes('png')) {
      await exec(['rsvg-convert', '--format=png', `--zoom=${ZOOM}`, `--output=${pixels}`], { input: svg });
      paths.push(pixels);
    }
  }
  return paths;
}

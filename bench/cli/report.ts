import { Command, Option } from 'commander';
import { ConfigError } from '../errors.ts';
import { readBundle } from '../journal/read.ts';
import { renderTerminal } from '../../reports/terminal.ts';
import { resultJson } from '../../reports/result-json.ts';
import type { Lang } from '../../reports/words.ts';
import { FORMATS, writeDerived } from './derive.ts';
import { FIGURE_FORMATS, writeFigures } from './figures.ts';
import { print, printError, wantsColor } from './output.ts';

const ALL_FORMATS = [...FORMATS, ...FIGURE_FORMATS];

function formatsOf(text: string) {
  const wanted = text.split(',').map((name) => {
    const format = ALL_FORMATS.find((known) => known === name.trim());
    if (format) return format;
    throw new ConfigError('UNKNOWN_FORMAT', `there is no format "${name}"`, {
      hint: `known: ${ALL_FORMATS.join(', ')}`,
    });
  });
  return {
    files: FORMATS.filter((format) => wanted.includes(format)),
    figures: FIGURE_FORMATS.filter((format) => wanted.includes(format)),
  };
}

export function reportCommand(): Command {
  return new Command('report')
    .description('write the derived files of a run again, byte for byte, from its evidence alone')
    .argument('<run>', 'the bundle: a folder with a manifest.json')
    .option('-f, --format <list>', `which files, of ${ALL_FORMATS.join(', ')}`, FORMATS.join(','))
    .addOption(
      new Option('--lang <language>', 'of the printed table and of figures').choices(['en', 'zh']).default('en'),
    )
    .option('--json', 'print result.json instead of the table')
    .addHelpText(
      'after',
      '\nExamples:\n  tare report runs/20260102-030405-a1b2c3\n  tare report runs/… --format html,csv' +
        '\n  tare report runs/… --format svg          every chart as a figure for a paper, in runs/…/figures',
    )
    .action(async (folder: string, flags: { format: string; lang: Lang; json?: boolean }) => {
      const formats = formatsOf(flags.format);
      const bundle = readBundle(folder);
      const { result, paths } = writeDerived(bundle, formats.files);
      const figures = await writeFigures(bundle, result, formats.figures, flags.lang);
      if (bundle.tornBytes > 0) printError(`the journal's last line is torn (${bundle.tornBytes} bytes ignored)`);
      print(
        flags.json
          ? resultJson(result)
          : renderTerminal(result, { color: wantsColor(process.stdout), lang: flags.lang }),
      );
      for (const path of [...paths, ...figures]) printError(path);
    });
}

import { Command, Option } from 'commander';
import { ConfigError } from '../errors.ts';
import { readBundle } from '../journal/read.ts';
import { renderTerminal } from '../../reports/terminal.ts';
import { resultJson } from '../../reports/result-json.ts';
import type { Lang } from '../../reports/words.ts';
import { FORMATS, type Format, writeDerived } from './derive.ts';
import { print, printError, wantsColor } from './output.ts';

function formatsOf(text: string): readonly Format[] {
  return text.split(',').map((name) => {
    const format = FORMATS.find((known) => known === name.trim());
    if (format) return format;
    throw new ConfigError('UNKNOWN_FORMAT', `there is no format "${name}"`, { hint: `known: ${FORMATS.join(', ')}` });
  });
}

export function reportCommand(): Command {
  return new Command('report')
    .description('write the derived files of a run again, byte for byte, from its evidence alone')
    .argument('<run>', 'the bundle: a folder with a manifest.json')
    .option('-f, --format <list>', 'which files', FORMATS.join(','))
    .addOption(new Option('--lang <language>', 'of the printed table').choices(['en', 'zh']).default('en'))
    .option('--json', 'print result.json instead of the table')
    .addHelpText(
      'after',
      '\nExamples:\n  tare report runs/20260102-030405-a1b2c3\n  tare report runs/… --format html,csv',
    )
    .action((folder: string, flags: { format: string; lang: Lang; json?: boolean }) => {
      const bundle = readBundle(folder);
      const { result, paths } = writeDerived(bundle, formatsOf(flags.format));
      if (bundle.tornBytes > 0) printError(`the journal's last line is torn (${bundle.tornBytes} bytes ignored)`);
      print(
        flags.json
          ? resultJson(result)
          : renderTerminal(result, { color: wantsColor(process.stdout), lang: flags.lang }),
      );
      for (const path of paths) printError(path);
    });
}

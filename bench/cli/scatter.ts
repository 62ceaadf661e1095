import { Command } from 'commander';
import { readBundle } from '../journal/read.ts';
import { scatterOf } from '../verdict/scatter.ts';
import { renderScatter } from '../../reports/scatter.ts';
import { print, wantsColor } from './output.ts';

const DEFAULT_WIDTH = 120;

/** `tare scatter`: where the scatter comes from, over several runs. */
export function scatterCommand(): Command {
  return new Command('scatter')
    .description('how much operations, starts and sessions differ, over several runs of one host')
    .argument('<runs...>', 'bundles of the same host, image and accelerator')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  tare scatter runs/20260102-030405-a1b2c3 runs/20260109-030405-d4e5f6')
    .action((folders: readonly string[], flags: { json?: boolean }) => {
      const scatter = scatterOf(folders.map((folder) => readBundle(folder)));
      const width = process.stdout.isTTY ? process.stdout.columns : DEFAULT_WIDTH;
      print(
        flags.json
          ? JSON.stringify(scatter, null, 2)
          : renderScatter(scatter, { color: wantsColor(process.stdout), width }),
      );
    });
}

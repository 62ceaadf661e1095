import { ParseError } from '../errors.ts';
import { onlyMatch, positive } from './measuring.ts';
import { quoteHead } from './quote.ts';

const END = /\n {4}execution time \(avg\/stddev\): +\d+\.\d+\/\d+\.\d+\n\n$/;
const MIB = 2 ** 20;

interface Report {
  readonly events: number;
  readonly seconds: number;
}

/** What every report of sysbench 1.0 has: its beginning, its totals, and its end. */
function reportOf(stdout: string): Report {
  if (!stdout.startsWith('sysbench 1.0.') || !END.test(stdout)) {
    throw new ParseError('PROGRAM_OUTPUT', `sysbench printed no whole report: ${quoteHead(stdout)}`);
  }
  return {
    events: positive(
      onlyMatch(stdout, /^ {4}total number of events: +(\S+)$/gm, 'number of events'),
      'the number of events',
    ),
    seconds: positive(onlyMatch(stdout, /^ {4}total time: +(\S+)s$/gm, 'total time'), 'the total time'),
  };
}

/** Events per second of `sysbench cpu`. @throws ParseError `PROGRAM_OUTPUT`. */
export function parseCpu(stdout: string): number {
  reportOf(stdout);
  return positive(
    onlyMatch(stdout, /^ {4}events per second: +(\S+)$/gm, 'rate of events'),
    "sysbench's rate of events",
  );
}

/** Bytes per second of `sysbench memory`. @throws ParseError `PROGRAM_OUTPUT`. */
export function parseMemory(stdout: string): number {
  reportOf(stdout);
  const line = /^\d+\.\d\d MiB transferred \((\S+) MiB\/sec\)$/gm;
  return positive(onlyMatch(stdout, line, 'bandwidth'), "sysbench's bandwidth") * MIB;
}

/** Events per second of `sysbench threads`, which states no rate of its own. @throws ParseError `PROGRAM_OUTPUT`. */
export function parseThreads(stdout: string): number {
  const { events, seconds } = reportOf(stdout);
  return events / seconds;
}

import { z } from 'zod';
import { ParseError } from '../errors.ts';
import { quoteHead } from './quote.ts';

const busy = z.object({
  iops: z.number().positive().max(1e12),
  bw_bytes: z.number().positive().max(1e15),
  total_ios: z.number().int().positive(),
});
const idle = z.object({ total_ios: z.literal(0) });

/** One job alone, without an error, that worked on one side and not on the other. */
function reportOf<Sides extends z.ZodRawShape>(sides: Sides) {
  return z.object({ jobs: z.tuple([z.object({ error: z.literal(0), ...sides })]) });
}

const reading = reportOf({ read: busy, write: idle });
const writing = reportOf({ read: idle, write: busy });

/** What fio counted over its own run time. */
export interface FioRates {
  readonly iops: number;
  readonly bytesPerSecond: number;
}

/** What `fio --output-format=json` says of its only job. @throws ParseError `PROGRAM_OUTPUT`. */
export function parseFio(stdout: string, side: 'read' | 'write'): FioRates {
  try {
    const report: unknown = JSON.parse(stdout);
    const { iops, bw_bytes } =
      side === 'read' ? reading.parse(report).jobs[0].read : writing.parse(report).jobs[0].write;
    return { iops, bytesPerSecond: bw_bytes };
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const why = issue ? `${issue.path.join('.') || 'the document'}: ${issue.message}` : 'no JSON document';
    throw new ParseError('PROGRAM_OUTPUT', `fio printed something else (${why}): ${quoteHead(stdout)}`, { cause });
  }
}

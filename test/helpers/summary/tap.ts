import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { type FinalResults, Parser, type Result } from 'tap-parser';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped and announced ones (`test.skip`, `test.todo`). */
  readonly skipped: number;
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that ends every test run. */
export function closingLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** Below this a test's time is not worth a reader's eye. */
const LEAST_SHOWN_MS = 2000;

/** A result as a line, followed by what a failure has to say. @param ms since the result before it. */
export function describe(result: Result, ms = 0): string {
  const time = ms < LEAST_SHOWN_MS ? '' : ` (${(ms / 1000).toFixed(1)} s)`;
  if (result.skip) return `  skip ${result.name}`;
  if (result.todo) return `  todo ${result.name}`;
  if (result.ok) return `  ok   ${result.name}${time}`;
  const facts = Object.entries(result.diag ?? {}).map(([key, value]) => `${key}: ${textOf(value)}`);
  return [
    `  FAIL ${result.name}${time}`,
    ...facts.flatMap((fact) => fact.split('\n')).map((line) => `         ${line}`),
  ].join('\n');
}

/**
 * Reads TAP to its end and counts it; each result goes to `print` as it arrives, with the time since the one before and what the
 * test has logged. TAP that breaks off or contradicts itself is a failure, where it doesn't tell of one anyway.
 */
export async function countTap(tap: Readable, print: (line: string) => void): Promise<Counts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const parser = new Parser();
  // The parser tells of a result when the next one has begun: its time is that of its own line.
  const times: number[] = [];
  let lastMs = performance.now();
  createInterface({ input: tap }).on('line', (line) => {
    if (!/^(?:not )?ok /.test(line)) return;
    times.push(performance.now() - lastMs);
    lastMs = performance.now();
  });
  const fail = (line: string) => {
    counts.failed += 1;
    print(line);
  };
  parser.on('assert', (result: Result) => {
    const ms = times.shift();
    if (result.skip || result.todo) counts.skipped += 1;
    else if (result.ok) counts.passed += 1;
    else return fail(describe(result, ms));
    print(describe(result, ms));
  });
  // What a test tells by `t.log`; AVA indents it.
  parser.on('comment', (comment: string) => {
    const told = /^# {3}(.*)/.exec(comment)?.[1];
    if (told !== undefined) print(`         ${told}`);
  });
  parser.on('bailout', (reason: string) => fail(`  FAIL bailed out: ${reason}`));
  const results = await new Promise<FinalResults>((resolve, reject) => {
    parser.on('complete', resolve);
    tap.on('error', reject);
    tap.pipe(parser);
  });
  const errors = results.failures.flatMap((failure) => ('tapError' in failure ? [failure.tapError] : []));
  if (counts.failed === 0 && errors.length > 0) fail(`  FAIL the results are incomplete: ${errors.join(', ')}`);
  return counts;
}

/**
 * Why a suite failed although its results alone don't say so; undefined where they do or it passed. A suite that crashed
 * or ran nothing must never look like one that passed.
 */
export function defectOf(counts: Counts, ended: { readonly exitCode: number | null; readonly signal: string | null }) {
  if (counts.failed > 0) return undefined;
  if (ended.signal !== null) return `ava was ended by ${ended.signal}`;
  if (ended.exitCode !== 0) return `ava ended with exit code ${ended.exitCode} and without a failed test`;
  return counts.passed === 0 ? 'no test was run' : undefined;
}

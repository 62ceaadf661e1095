import { ParseError } from '../errors.ts';
import type { Metric } from '../model/metric.ts';
import { quoteHead } from './quote.ts';

/** What the programs of every workload are told alike. */
export interface WorkloadOptions {
  /** About how long one operation is to take, in milliseconds. */
  readonly operationTimeMs: number;
}

/** Where nothing else is said. */
export const DEFAULT_OPTIONS: WorkloadOptions = { operationTimeMs: 1000 };

/** How much longer than its time an operation may take, for slow instances, and what its program's start may take. */
const PATIENCE = 40;
const START_MS = 60_000;

/** Milliseconds after which an operation has failed. */
export function patienceFor({ operationTimeMs }: WorkloadOptions): number {
  return START_MS + PATIENCE * operationTimeMs;
}

/** Work of one operation in whole units, at least one, for a program that can be told an amount and no fraction of a second. */
export function amountFor(unitsPerSecond: number, milliseconds: number): number {
  return Math.max(1, Math.round((unitsPerSecond * milliseconds) / 1000));
}

/** A rate: more is better, and nothing of it means anything under emulation. */
export function rate(id: string, title: string, unit: '1/s' | 'B/s', rank: 'primary' | 'secondary'): Metric {
  const primary = rank === 'primary';
  return {
    id,
    title,
    unit,
    better: 'higher',
    primary,
    ...(primary ? {} : { secondary: true }),
    assessableEmulated: false,
  };
}

/** A time beside the rates. */
export function latency(id: string, title: string): Metric {
  return { id, title, unit: 'ns', better: 'lower', primary: false, secondary: true, assessableEmulated: false };
}

/** No program here does that much in a second, nor takes so many milliseconds for one thing. */
const MOST = 1e15;

/**
 * A number above zero as C prints it, in the C locale and without an exponent.
 * @param what names it in the complaint. @throws ParseError `PROGRAM_OUTPUT`.
 */
export function positive(text: string | undefined, what: string): number {
  const value = text !== undefined && /^\d{1,16}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value < MOST) return value;
  throw new ParseError('PROGRAM_OUTPUT', `${what} is no number above zero: ${quoteHead(text ?? '')}`);
}

/**
 * The one group of a pattern that must match exactly once.
 * @param pattern has the flags `g` and `m`. @throws ParseError `PROGRAM_OUTPUT`.
 */
export function onlyMatch(text: string, pattern: RegExp, what: string): string {
  const [first, second] = [...text.matchAll(pattern)];
  if (first?.[1] !== undefined && second === undefined) return first[1];
  const problem = first === undefined ? 'has no' : 'has more than one';
  throw new ParseError('PROGRAM_OUTPUT', `the output ${problem} ${what}: ${quoteHead(text)}`);
}

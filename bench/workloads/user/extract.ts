import { runInNewContext } from 'node:vm';
import { ParseError } from '../../errors.ts';
import { quoteHead } from '../quote.ts';

const MOST_CHARACTERS = 1024 * 1024;
const REGEX_TIMEOUT_MS = 1000;
const NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const PATH = /^\$(?:\.[A-Za-z_][\w-]*|\[\d{1,6}\])+$/;

/** Finds the one value in what a program printed. @throws ParseError `WORKLOAD_OUTPUT`. */
export type Extract = (stdout: string) => number;

function refuse(why: string, stdout: string, cause?: unknown): ParseError {
  return new ParseError('WORKLOAD_OUTPUT', `${why} in the program's output: ${quoteHead(stdout)}`, { cause });
}

function positive(value: number, stdout: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw refuse(`the value ${value} is no finite number above 0`, stdout);
}

function assertBounded(stdout: string): void {
  if (stdout.length > MOST_CHARACTERS) throw refuse(`more than ${MOST_CHARACTERS} characters`, stdout);
}

/** Why the expression cannot be used; undefined where it can. */
export function regexComplaint(source: string, flags: string): string | undefined {
  try {
    // With an empty alternative it matches everything, and so shows how many groups it has.
    const groups = (new RegExp(`${source}|`, flags).exec('')?.length ?? 1) - 1;
    return groups === 1 ? undefined : `it has ${groups} capturing groups, not one; (?:…) groups without capturing`;
  } catch (error) {
    return (error as SyntaxError).message;
  }
}

/** The first match's only group, as a plain decimal number. An expression that takes over a second is a failure. */
export function byRegex(source: string, flags: string): Extract {
  const expression = new RegExp(source, flags);
  return (stdout) => {
    assertBounded(stdout);
    let found: unknown;
    try {
      // Nothing of the user's is evaluated: a context of its own is the only place where an expression can be timed out.
      found = runInNewContext(
        'expression.exec(text)?.[1]',
        { expression, text: stdout },
        { timeout: REGEX_TIMEOUT_MS },
      );
    } catch (cause) {
      throw refuse(`the regular expression came to no end within ${REGEX_TIMEOUT_MS} ms`, stdout, cause);
    }
    if (typeof found !== 'string') throw refuse('the regular expression matches nothing', stdout);
    if (!NUMBER.test(found)) throw refuse(`${quoteHead(found)} is no plain decimal number above 0`, stdout);
    return positive(Number(found), stdout);
  };
}

/** Whether a path is one of `$.name`, `$[0]` and longer ones of such steps. */
export function isJsonPath(path: string): boolean {
  return PATH.test(path);
}

/** The number at a path of `isJsonPath` in a JSON document. */
export function byJsonPath(path: string): Extract {
  const steps = [...path.matchAll(/\.([\w-]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  return (stdout) => {
    assertBounded(stdout);
    let value: unknown;
    try {
      value = JSON.parse(stdout);
    } catch (cause) {
      throw refuse('no JSON document', stdout, cause);
    }
    for (const step of steps) {
      const fits = typeof step === 'number' ? Array.isArray(value) : typeof value === 'object' && !Array.isArray(value);
      if (!fits || value === null || !Object.hasOwn(value as object, step)) throw refuse(`nothing at ${path}`, stdout);
      value = (value as Record<string | number, unknown>)[step];
    }
    if (typeof value !== 'number') throw refuse(`no number at ${path}`, stdout);
    return positive(value, stdout);
  };
}

import { codeOf, messageOf, TareError } from '../errors.ts';

/** What the terminal that a stream leads to can do; the only reading of the environment for colour. */
export function wantsColor(stream: NodeJS.WriteStream): boolean {
  if (process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '') return false;
  if (process.env['FORCE_COLOR'] !== undefined && process.env['FORCE_COLOR'] !== '0') return true;
  return stream.isTTY && process.env['TERM'] !== 'dumb';
}

/** Bytes that could drive a terminal, from whatever text came out of the host or an instance. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** An error as people read it: what failed, what to do about it. */
export function describeError(error: unknown): string {
  const lines = [`tare: ${messageOf(error)}`];
  if (error instanceof TareError) {
    if (error.hint !== undefined && error.hint !== '') lines.push(`  hint: ${error.hint}`);
  } else if (error instanceof Error && error.stack !== undefined) {
    lines.push(error.stack);
  }
  return printable(lines.join('\n'));
}

/** The same for programs. */
export function errorJson(error: unknown): string {
  const known = error instanceof TareError ? error : undefined;
  const fields = {
    code: codeOf(error),
    message: messageOf(error),
    hint: known?.hint ?? null,
    details: known?.details ?? {},
  };
  return JSON.stringify({ error: fields }, null, 2);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printError(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

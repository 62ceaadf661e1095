import { readFileSync } from 'node:fs';
import type { Layout } from './layout.ts';

/** Beyond this the output of a workload is not worth keeping. */
const MAX_CHARACTERS = 65_536;

/** The last of a file's text, with line ends as a file has them: what went through a terminal has others. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\r\n', '\n').slice(-MAX_CHARACTERS);
  } catch {
    return '';
  }
}

/** What helps to understand a start that failed, by file name. */
export function logsOf({ output, console, log }: Layout): Readonly<Record<string, string>> {
  const texts = { 'output.log': textOf(output), 'console.log': textOf(console), 'lxc.log': textOf(log) };
  return Object.fromEntries(Object.entries(texts).filter(([, said]) => said !== ''));
}

/** What LXC's log says first of all that failed: `… ERROR    NAME - FILE:FUNCTION:LINE - WHAT`. */
export function firstErrorIn(log: string): string | undefined {
  return / ERROR +\S+ - \S+ - (.*)$/m.exec(log)?.[1];
}

/** As `firstErrorIn`, of an instance's log. */
export function firstErrorOf({ log }: Layout): string | undefined {
  return firstErrorIn(textOf(log));
}

import { workloadUnit } from '../../bench/image/system/layer.ts';
import { LXC_SYSTEM_INSIDE } from './layer.ts';

/** Inside double quotes a backslash begins an escape, a quote ends the word, and a percent sign is replaced by something else. */
const SPECIAL = /[\\"%\u0001-\u001f\u007f]/g;

function escaped(character: string): string {
  if (character === '%') return '%%';
  if (character === '\\' || character === '"') return `\\${character}`;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function quoted(word: string): string {
  return `"${word.replaceAll(SPECIAL, escaped)}"`;
}

/** A command as a unit file's ExecStart. @param argv the first word is a plain absolute path. */
export function execStart([program = '', ...words]: readonly string[]): string {
  // The colon: a dollar sign is nothing but that.
  return [`:${program}`, ...words.map(quoted)].join(' ');
}

/** The unit that starts the workload under the probe; what it writes goes to a file of the host. */
export function containerUnit(argv: readonly string[]): string {
  const output = `append:${LXC_SYSTEM_INSIDE.output}`;
  return workloadUnit(execStart(argv), { service: [`StandardOutput=${output}`, `StandardError=${output}`] });
}

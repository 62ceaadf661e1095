import { readFileSync } from 'node:fs';

/** Text of a file below /proc/PID; empty where that process has gone, which it may at any moment. */
export function procText(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

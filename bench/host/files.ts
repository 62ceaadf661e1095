import { readFileSync, readdirSync } from 'node:fs';

/** A small file of /proc or /sys; null where it is missing or not readable. Synchronous: guards must not yield. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The names in a folder; none where it is missing or not readable. */
export function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

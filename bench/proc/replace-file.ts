import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';

/** Replaces a file in one step and makes it durable: readers see the old or the new one, never a part. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, text);
  const fd = openSync(draft, 'r');
  fsyncSync(fd);
  closeSync(fd);
  renameSync(draft, path);
}

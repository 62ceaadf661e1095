import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParseError, ResourceError } from '../errors.ts';
import type { JournalEvent } from '../model/journal.ts';
import type { Manifest } from '../model/manifest.ts';

/** What a bundle holds as evidence. */
export interface Bundle {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
  /** Bytes of a torn last line that were ignored: the run was cut while writing it. */
  readonly tornBytes: number;
}

/**
 * The events of a journal's text. A last line without its end is torn and ignored.
 * @throws ParseError `BAD_JOURNAL` for a broken line anywhere else.
 */
export function parseJournal(text: string): { readonly events: readonly JournalEvent[]; readonly tornBytes: number } {
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  const events = lines.map((line, index): JournalEvent => {
    try {
      const event: unknown = JSON.parse(line);
      if (typeof event === 'object' && event !== null && 'type' in event) return event as JournalEvent;
    } catch {
      // Falls through to the one complaint below.
    }
    throw new ParseError('BAD_JOURNAL', `journal.ndjson:${index + 1} is no event`, {
      hint: 'the journal was changed after the run; compare it with SHA256SUMS',
    });
  });
  return { events, tornBytes: Buffer.byteLength(torn) };
}

/** @throws ResourceError `NO_BUNDLE`, ParseError `BAD_JOURNAL`, `BAD_MANIFEST`. */
export function readBundle(folder: string): Bundle {
  const manifestPath = join(folder, 'manifest.json');
  if (!existsSync(manifestPath)) {
    throw new ResourceError('NO_BUNDLE', `${folder} holds no run`, {
      hint: 'name the folder that has a manifest.json',
    });
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  } catch (cause) {
    throw new ParseError('BAD_MANIFEST', `${manifestPath} is no JSON`, { cause });
  }
  if (manifest.schema !== 1) {
    throw new ParseError('BAD_MANIFEST', `${manifestPath} has schema ${String(manifest.schema)}, this tare reads 1`);
  }
  const journalPath = join(folder, 'journal.ndjson');
  const text = existsSync(journalPath) ? readFileSync(journalPath, 'utf8') : '';
  return { folder, manifest, ...parseJournal(text) };
}

/** The evidence of a bundle: manifest, journal and logs, relative paths in order. */
export function evidenceFiles(folder: string): readonly string[] {
  const logs = join(folder, 'logs');
  const names = existsSync(logs)
    ? readdirSync(logs, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    : [];
  return ['manifest.json', 'journal.ndjson', ...names.toSorted()];
}

/** Writes SHA256SUMS over the evidence, in the form that `sha256sum --check` reads. */
export function sealEvidence(folder: string): void {
  const sums = evidenceFiles(folder).map((name) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return `${hash}  ${name}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
}

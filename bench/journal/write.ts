import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { InterruptedError, ResourceError } from '../errors.ts';
import type { JournalEvent } from '../model/journal.ts';
import type { Manifest } from '../model/manifest.ts';
import { replaceFile } from '../proc/replace-file.ts';

/** `manifest.json` of a bundle. */
export function writeManifest(bundle: string, manifest: Manifest): void {
  replaceFile(join(bundle, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Writes one event as one line. @throws ResourceError `JOURNAL_WRITE` on a full disk. */
export function appendLine(fd: number, event: JournalEvent): void {
  const line = Buffer.from(`${JSON.stringify(event)}\n`);
  try {
    for (let at = 0; at < line.length; ) at += writeSync(fd, line, at);
  } catch (cause) {
    throw new ResourceError('JOURNAL_WRITE', 'the journal could not be written', {
      cause,
      hint: 'is the disk full? what was measured before is kept',
    });
  }
}

/** Where events go. */
export interface EventSink {
  append(event: JournalEvent): void;
}

/**
 * The append-only journal: every event is written when it happens and made durable once a block.
 * Call `append` only outside timed sections.
 */
export class Journal implements EventSink, Disposable {
  readonly #fd: number;
  #open = true;

  /** @throws ResourceError `BUNDLE_EXISTS` when there is a journal already. */
  constructor(bundle: string) {
    try {
      this.#fd = openSync(join(bundle, 'journal.ndjson'), 'ax');
    } catch (cause) {
      throw new ResourceError('BUNDLE_EXISTS', `${bundle} has a journal already, or cannot be written`, { cause });
    }
  }

  /** @throws ResourceError `JOURNAL_WRITE` on a full disk. */
  append(event: JournalEvent): void {
    if (!this.#open) throw new InterruptedError('JOURNAL_CLOSED', 'the journal is closed');
    appendLine(this.#fd, event);
  }

  /** Makes everything so far durable. */
  sync(): void {
    fsyncSync(this.#fd);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }
}

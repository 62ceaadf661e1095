import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ParseError, ResourceError } from '../../../bench/errors.ts';
import { evidenceFiles, parseJournal, readBundle, sealEvidence } from '../../../bench/journal/read.ts';
import { appendLine, Journal } from '../../../bench/journal/write.ts';
import { replaceFile } from '../../../bench/proc/replace-file.ts';
import type { EndEvent } from '../../../bench/model/journal.ts';

const END: EndEvent = { type: 'end', outcome: 'complete', message: 'ünïcödé\u2028', at: '2026-01-02T03:04:05Z' };

function temporary(): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function write(folder: string): void {
  using journal = new Journal(folder);
  journal.append(END);
  journal.append(END);
  journal.sync();
}

test('what is appended is read back', (t) => {
  using temp = temporary();
  write(temp.folder);
  const { events, tornBytes } = parseJournal(readFileSync(join(temp.folder, 'journal.ndjson'), 'utf8'));
  t.deepEqual(events, [END, END]);
  t.is(tornBytes, 0);
});

test('a journal cut at any byte reads as the whole lines before the cut', (t) => {
  using temp = temporary();
  write(temp.folder);
  const whole = readFileSync(join(temp.folder, 'journal.ndjson'));
  for (let length = 0; length <= whole.length; length += 1) {
    const { events, tornBytes } = parseJournal(whole.subarray(0, length).toString('utf8'));
    const lines = whole.subarray(0, length).filter((byte) => byte === 10).length;
    t.is(events.length, lines);
    t.is(tornBytes > 0, length > 0 && whole[length - 1] !== 10);
  }
});

test('a line that was changed in the middle is an error, not a silent loss', (t) => {
  const error = t.throws(() => parseJournal(`{"type":"end"\n${JSON.stringify(END)}\n`), { instanceOf: ParseError });
  t.is(error.code, 'BAD_JOURNAL');
  t.throws(() => parseJournal('[]\n'), { instanceOf: ParseError });
  t.throws(() => parseJournal('null\n'), { instanceOf: ParseError });
});

test('a second journal in the same bundle is refused', (t) => {
  using temp = temporary();
  write(temp.folder);
  t.throws(() => new Journal(temp.folder), { instanceOf: ResourceError });
});

test('a journal that is closed takes nothing more, and closing twice is fine', (t) => {
  using temp = temporary();
  const journal = new Journal(temp.folder);
  journal[Symbol.dispose]();
  journal[Symbol.dispose]();
  t.throws(() => journal.append(END), { code: 'JOURNAL_CLOSED' });
});

test('a full disk is an error that says what to do', (t) => {
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const error = t.throws(() => appendLine(full, END), { instanceOf: ResourceError });
  t.is(error.code, 'JOURNAL_WRITE');
  t.regex(error.hint ?? '', /disk/);
});

test('evidence is sealed with relative names in order', (t) => {
  using temp = temporary();
  write(temp.folder);
  mkdirSync(join(temp.folder, 'logs', '0001-runc'), { recursive: true });
  writeFileSync(join(temp.folder, 'logs', '0001-runc', 'launch.ndjson'), 'x\n');
  replaceFile(join(temp.folder, 'manifest.json'), '{"schema":1}\n');
  t.deepEqual(evidenceFiles(temp.folder), ['manifest.json', 'journal.ndjson', 'logs/0001-runc/launch.ndjson']);
  sealEvidence(temp.folder);
  const sums = readFileSync(join(temp.folder, 'SHA256SUMS'), 'utf8');
  t.regex(
    sums,
    /^[0-9a-f]{64} {2}manifest\.json\n[0-9a-f]{64} {2}journal\.ndjson\n[0-9a-f]{64} {2}logs\/0001-runc\/launch\.ndjson\n$/,
  );
});

test('a folder without a manifest, or with one of another schema, is no bundle', (t) => {
  using temp = temporary();
  t.throws(() => readBundle(temp.folder), { code: 'NO_BUNDLE' });
  writeFileSync(join(temp.folder, 'manifest.json'), '{"schema":2}');
  t.throws(() => readBundle(temp.folder), { code: 'BAD_MANIFEST' });
  writeFileSync(join(temp.folder, 'manifest.json'), '{');
  t.throws(() => readBundle(temp.folder), { code: 'BAD_MANIFEST' });
});

test('a run that was killed before its first event reads as an empty journal', (t) => {
  using temp = temporary();
  writeFileSync(join(temp.folder, 'manifest.json'), '{"schema":1}');
  t.deepEqual(readBundle(temp.folder).events, []);
  appendFileSync(join(temp.folder, 'journal.ndjson'), '{"type":"bl');
  t.is(readBundle(temp.folder).tornBytes, 11);
});

/**
 * tare's own suite: what programs do all day, some of it within the process and some of it through the kernel. It is a
 * plain tinybench suite; to run it by hand: `node run.ts shipped.bench.ts`. Files go to the current folder.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Bench } from 'tinybench';

const KIB = 1024;

/** Numbers that are the same everywhere and in every run (a linear congruential generator). */
function numbers(count: number): readonly number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  });
}

/** Text of a vocabulary of 512 words, which compresses as prose does: to about a third. */
function text(bytes: number): Buffer {
  const words = numbers(512).map((number) => number.toString(36));
  return Buffer.from(
    numbers(bytes / 4)
      .map((number) => words[(number >>> 8) % words.length])
      .join(' '),
  ).subarray(0, bytes);
}

const records = numbers(500).map((number, index) => ({
  id: index,
  name: `record ${number.toString(36)}`,
  tags: ['alpha', 'beta', 'gamma'].slice(number % 3),
  position: { x: number % 1000, y: (number >>> 10) % 1000 },
  active: number % 2 === 0,
}));
const json = JSON.stringify(records);
const block = text(64 * KIB);
const unsorted = numbers(10_000);

let folder = '';

/** A `cat` that gives back what it is sent. */
let cat: ChildProcessByStdio<Writable, Readable, null> | undefined;

function throughCat(bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (cat === undefined) return reject(new TypeError('there is no cat'));
    let missing = bytes.length;
    cat.stdout.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) return;
      cat?.stdout.removeAllListeners('data');
      resolve();
    });
    cat.stdin.write(bytes);
  });
}

export default new Bench({ name: 'tare' })
  .add('JSON parse', () => JSON.parse(json))
  .add('JSON stringify', () => JSON.stringify(records))
  .add('SHA-256', () => createHash('sha256').update(block).digest())
  .add('gzip', () => gzipSync(block))
  .add('zstd', () => zstdCompressSync(block))
  .add('sort', () => unsorted.toSorted((a, b) => a - b))
  .add(
    'file',
    () => {
      const path = join(folder, 'block');
      writeFileSync(path, block);
      return readFileSync(path);
    },
    {
      async: false,
      beforeAll: () => void (folder = mkdtempSync(join(process.cwd(), 'suite-'))),
      afterAll: () => rmSync(folder, { recursive: true }),
    },
  )
  .add('pipe', () => throughCat(block), {
    async: true,
    beforeAll: () => void (cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })),
    afterAll: () => void cat?.kill(),
  });

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import { STAGES } from '../../helpers/summary/stages.ts';
import { add, closingLine, countTap, defectOf, NONE } from '../../helpers/summary/tap.ts';

const fixture = (name: string) => createReadStream(join(import.meta.dirname, '../../fixtures/setup', name));

async function read(tap: Readable) {
  const lines: string[] = [];
  const counts = await countTap(tap, (line) => lines.push(line));
  return { counts, output: lines.join('\n') };
}

test('what AVA reports is counted: passed, failed, skipped and announced', async (t) => {
  const { counts } = await read(fixture('ava-mixed.tap'));
  t.deepEqual(counts, { passed: 4, failed: 2, skipped: 2 });
});

test('a failure is shown with what the assertion said', async (t) => {
  const { output } = await read(fixture('ava-mixed.tap'));
  t.regex(output, /FAIL mixed › compares\n/);
  t.regex(output, /deepEqual/);
  t.regex(output, /no such thing # SKIP/);
  t.regex(output, /skip mixed › is left out/);
});

test('an exception after the tests is a failure', async (t) => {
  const { counts } = await read(fixture('ava-crash.tap'));
  t.deepEqual(counts, { passed: 1, failed: 2, skipped: 0 });
});

test('a suite that AVA gave up on fails although its output shows only a passed test', async (t) => {
  const { counts, output } = await read(fixture('ava-timeout.tap'));
  t.is(counts.failed, 1);
  t.regex(output, /incomplete/);
});

test('a killed test process is one failure', async (t) => {
  const { counts } = await read(fixture('ava-killed.tap'));
  t.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
});

test('a suite without a test never passes', async (t) => {
  const { counts } = await read(fixture('ava-none.tap'));
  t.is(counts.passed, 0);
  t.true(counts.failed > 0 || defectOf(counts, { exitCode: 0, signal: null }) !== undefined);
});

test('output that is no TAP never passes', async (t) => {
  const { counts } = await read(Readable.from(['Cannot find module ava\n']));
  t.is(counts.passed, 0);
  t.not(defectOf(counts, { exitCode: 0, signal: null }), undefined);
});

test('a crash of AVA itself is a defect even where every test passed', (t) => {
  const passed = { ...NONE, passed: 3 };
  t.is(defectOf(passed, { exitCode: 0, signal: null }), undefined);
  t.regex(defectOf(passed, { exitCode: 1, signal: null }) ?? '', /exit code 1/);
  t.regex(defectOf(passed, { exitCode: null, signal: 'SIGKILL' }) ?? '', /SIGKILL/);
  t.regex(defectOf(NONE, { exitCode: 0, signal: null }) ?? '', /no test/);
  t.regex(defectOf({ ...NONE, skipped: 2 }, { exitCode: 0, signal: null }) ?? '', /no test/);
});

test('a failed test needs no further word about the exit code', (t) => {
  t.is(defectOf({ passed: 1, failed: 1, skipped: 0 }, { exitCode: 1, signal: null }), undefined);
});

test('what a test logs stands below its result', async (t) => {
  const tap =
    'TAP version 13\nok 1 - first\n#   12 of 12\n#   limits {"cpus":[1]}\nok 2 - second\n1..2\n# tests 2\n# pass 2\n';
  const { output } = await read(Readable.from([tap]));
  t.is(output, '  ok   first\n         12 of 12\n         limits {"cpus":[1]}\n  ok   second');
});

test('a test’s time is its own, not that of the one after it', async (t) => {
  async function* lines() {
    yield 'TAP version 13\n# first\nok 1 - first\n';
    await new Promise((resolve) => setTimeout(resolve, 2100));
    yield '# second\nok 2 - second\n1..2\n';
  }
  const { output } = await read(Readable.from(lines(), { objectMode: false }));
  t.regex(output, /^ {2}ok {3}first$/m);
  t.regex(output, /^ {2}ok {3}second \(\d+\.\d s\)$/m);
});

test('the closing line names the sums', (t) => {
  const sum = add({ passed: 2, failed: 0, skipped: 1 }, { passed: 40, failed: 1, skipped: 0 });
  t.is(closingLine(sum), '42 passed, 1 failed, 1 skipped');
});

test('make test goes through every stage but the slow ones, which have targets of their own', (t) => {
  const makefile = readFileSync(join(import.meta.dirname, '../../../Makefile'), 'utf8');
  const stagesOf = (target: string) => {
    const recipe = new RegExp(`^${target}:.*\\n(?:\\t.*\\n)*?\\t@\\$\\(STAGES\\) (.*)$`, 'm').exec(makefile)?.[1];
    return recipe?.split(' ');
  };
  t.deepEqual(
    stagesOf('test'),
    Object.keys(STAGES).filter((stage) => !['stats-full', 'slow', 'kvm-full'].includes(stage)),
  );
  t.deepEqual(stagesOf('test-stats'), ['stats-full']);
  t.deepEqual(stagesOf('test-slow'), ['image', 'slow']);
  t.deepEqual(stagesOf('test-kvm'), ['image', 'kvm']);
  t.deepEqual(stagesOf('test-kvm-full'), ['image', 'kvm-full']);
});

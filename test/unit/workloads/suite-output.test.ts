import { readFileSync } from 'node:fs';
import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { parseNames, parseSuite, slugOf, suiteMetrics } from '../../../bench/workloads/suite-output.ts';
import { SHIPPED_TASKS, shippedSuite } from '../../../bench/workloads/tinybench.ts';

/** What the runner printed for the shipped suite with `--time 20`. */
const CAPTURED = readFileSync(new URL('../../fixtures/workloads/tinybench-shipped.json', import.meta.url), 'utf8');

interface Captured {
  schema: number;
  tasks: { name: string; samplesNs: (number | null)[] }[];
}

/** The captured document, changed. */
function changed(change: (document: Captured) => void): string {
  const document = JSON.parse(CAPTURED) as Captured;
  change(document);
  return JSON.stringify(document);
}

test('every task of a real output becomes the samples of one metric', (t) => {
  const readings = parseSuite(CAPTURED, SHIPPED_TASKS);
  t.deepEqual(Object.keys(readings), [
    'json-parse',
    'json-stringify',
    'sha-256',
    'gzip',
    'zstd',
    'sort',
    'file',
    'pipe',
  ]);
  for (const [id, samples] of Object.entries(readings)) {
    t.true(samples.length >= 5 && samples.length <= 40, id);
    t.true(
      samples.every((sample, index) => sample > 0 && sample >= (samples[index - 1] ?? 0)),
      id,
    );
  }
  t.true(CAPTURED.includes(`"samplesNs":[${readings['pipe']?.join()}]`));
});

for (const [name, text] of [
  ['nothing', ''],
  ['words', 'Segmentation fault\u001b[2J'],
  ['half a document', CAPTURED.slice(0, 1000)],
  ['two documents', CAPTURED + CAPTURED],
  ['another schema', changed((document) => (document.schema = 2))],
  ['a sample that is null, as NaN is written', changed((document) => document.tasks[0]?.samplesNs.push(null))],
  ['a sample of zero', changed((document) => document.tasks[0]?.samplesNs.push(0))],
  ['a sample below zero', changed((document) => document.tasks[0]?.samplesNs.push(-5))],
  ['no sample', changed((document) => (document.tasks[0] ??= document.tasks[1]!).samplesNs.splice(0))],
  ['an infinite sample', CAPTURED.replace('"samplesNs":[', '"samplesNs":[1e999,')],
  ['a flood of samples', changed((document) => document.tasks[0]?.samplesNs.push(...Array<number>(41).fill(1)))],
  ['a task less', changed((document) => document.tasks.pop())],
  ['a task more', changed((document) => document.tasks.push({ ...document.tasks[0]!, name: 'more' }))],
  ['a task twice', changed((document) => document.tasks.push(document.tasks[0]!))],
  ['a field more', CAPTURED.replace('{"schema":1', '{"schema":1,"x":1')],
] as const) {
  test(`an output of ${name} is refused, with its head made harmless`, (t) => {
    const error = t.throws(() => parseSuite(text, SHIPPED_TASKS), { instanceOf: ParseError });
    t.regex(error.message, /^[^\p{C}]{20,600}$/u);
  });
}

test('ids are made of names, and names that give one id or none are refused', (t) => {
  t.is(slugOf('  JSON.parse() – 64 KiB '), 'json-parse-64-kib');
  t.is(slugOf('Größe'), 'gro-e');
  t.is(slugOf('x'.repeat(100)).length, 48);
  t.throws(() => slugOf('日本'), { instanceOf: ParseError, code: 'TASK_NAME' });
  const error = t.throws(() => suiteMetrics(['a b', 'c', 'A-b']), { instanceOf: ParseError, code: 'TASK_NAME' });
  t.regex(error.message, /"a b" and "A-b" both give "a-b"/);
});

test('the names of a suite are bounded and can be shown', (t) => {
  t.deepEqual(parseNames('{"schema":1,"names":["a","b"]}\n'), ['a', 'b']);
  for (const names of [[], ['\u001b[2J'], ['x'.repeat(81)], [''], [1], Array<string>(51).fill('x')]) {
    t.throws(() => parseNames(JSON.stringify({ schema: 1, names })), { instanceOf: ParseError });
  }
});

test('an operation is shared among the tasks, within bounds', (t) => {
  const timeOf = (operationTimeMs: number) => shippedSuite(operationTimeMs).settings['taskTimeMs'];
  t.is(timeOf(200), 50);
  t.is(timeOf(1600), 200);
  t.is(timeOf(3_600_000), 1000);
});

import { readFileSync } from 'node:fs';
import test from 'ava';
import * as fc from 'fast-check';
import { ParseError } from '../../../bench/errors.ts';
import { workloadOf } from '../../../bench/workloads/registry.ts';
import type { Readings } from '../../../bench/model/workload.ts';

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/workloads/${name}`, import.meta.url), 'utf8');
}

function parserOf(workload: string, measurement: string): (stdout: string) => Readings {
  const found = workloadOf(workload, { operationTimeMs: 200 }).measurements.find(({ id }) => id === measurement);
  if (!found) throw new RangeError(`${workload} has no ${measurement}`);
  return (stdout) => found.parse(stdout);
}

interface Program {
  readonly name: string;
  readonly parse: (stdout: string) => Readings;
  /** What it printed on a busy host, with operations of 200 ms. */
  readonly captured: string;
  readonly values: Readings;
  /** Changes of what it printed that leave no defensible number. */
  readonly broken: Readonly<Record<string, (text: string) => string>>;
}

const MIB = 2 ** 20;

const REDIS: Program = {
  name: 'redis-benchmark',
  parse: parserOf('redis', 'inside'),
  captured: fixture('redis-benchmark.csv'),
  values: { 'inside-get': [3965.11], 'inside-set': [5149.33], 'inside-get-p99': [21_343_000] },
  broken: {
    'no rows': (text) => text.slice(0, text.indexOf('\n') + 1),
    'one row': (text) => text.replace(/^"GET".*\n/m, ''),
    'a row twice': (text) => text.replace('"GET"', '"SET"'),
    'a third row': (text) => `${text}"PING","1.00","1.000","1.000","1.000","1.000","1.000","1.000"\n`,
    'another column': (text) => text.replace('"rps"', '"rpm"'),
    'a column less': (text) => text.replaceAll(/,"[^"]*"$/gm, ''),
    'a rate of zero': (text) => text.replace('"3965.11"', '"0.00"'),
    'a rate below zero': (text) => text.replace('"3965.11"', '"-3965.11"'),
    'a rate that is none': (text) => text.replace('"3965.11"', '"-nan"'),
    'an infinite rate': (text) => text.replace('"3965.11"', '"inf"'),
    'a rate with an exponent': (text) => text.replace('"3965.11"', '"3.9e3"'),
    'a rate with a comma': (text) => text.replace('"3965.11"', '"3965,11"'),
    'a percentile of zero': (text) => text.replace('"21.343"', '"0.000"'),
    'carriage returns': (text) => text.replaceAll('\n', '\r\n'),
    'a warning on top': (text) => `WARNING: something\n${text}`,
  },
};

const MEMCASLAP: Program = {
  name: 'memcaslap',
  parse: parserOf('memcached', 'inside'),
  captured: fixture('memcaslap.txt'),
  values: { inside: [4827] },
  broken: {
    'no summary, as where nobody listens': () => fixture('memcaslap-refused.txt'),
    'two summaries': (text) => text + (/^Run time.*\n/m.exec(text)?.[0] ?? ''),
    'something after its end': (text) => `${text}write error\n`,
    'a rate of zero': (text) => text.replace('TPS: 4827', 'TPS: 0'),
    'a rate below zero': (text) => text.replace('TPS: 4827', 'TPS: -4827'),
    'a rate that is none': (text) => text.replace('TPS: 4827', 'TPS: nan'),
    'no operation': (text) => text.replace('Ops: 8000', 'Ops: 0'),
    'values that were dropped': (text) => text.replace('get_misses: 0', 'get_misses: 73'),
    'no count of them': (text) => text.replace(/^get_misses.*\n/m, ''),
    'no get': (text) => text.replace('cmd_get: 7200', 'cmd_get: 0'),
  },
};

function sysbench(measurement: string, value: number, broken: Program['broken']): Program {
  return {
    name: `sysbench, ${measurement}`,
    parse: parserOf('sysbench', measurement),
    captured: fixture(`sysbench-${measurement}.txt`),
    values: { [measurement]: [value] },
    broken: {
      ...broken,
      'a test it does not know': () => fixture('sysbench-unknown.txt'),
      'two reports': (text) => text + text,
      'no event': (text) => text.replace(/(total number of events: +)\d+/, '$10'),
      'no time': (text) => text.replace(/(total time: +)[\d.]+s/, '$10.0000s'),
      'a time below zero': (text) => text.replace(/(total time: +)/, '$1-'),
      'a warning on top': (text) => `WARNING: endless\n${text}`,
      'another release': (text) => text.replace('sysbench 1.0', 'sysbench 2.0'),
    },
  };
}

const CPU = sysbench('cpu', 553.55, {
  'a rate of zero': (text) => text.replace('553.55', '0.00'),
  'a rate that is none': (text) => text.replace('553.55', 'nan'),
  'a rate with a comma': (text) => text.replace('553.55', '553,55'),
  'two rates': (text) => text.replace(/^ +events per second.*\n/m, '$&$&'),
});

const WRITE = sysbench('memory-write', 8016625664, {
  'a bandwidth of zero': (text) => text.replace(/\([\d.]+ MiB\/sec\)/, '(0.00 MiB/sec)'),
  'an infinite bandwidth': (text) => text.replace(/\([\d.]+ MiB\/sec\)/, '(inf MiB/sec)'),
  'another unit': (text) => text.replace('MiB/sec', 'GiB/sec'),
});

const YIELDS = 1000;
const events = (name: string) => Number(/total number of events: +(\d+)/.exec(fixture(name))?.[1]);
const seconds = (name: string) => Number(/total time: +([\d.]+)s/.exec(fixture(name))?.[1]);
const perSecond = (name: string) => (events(name) / seconds(name)) * YIELDS;

const CALLS = sysbench('system-calls', perSecond('sysbench-system-calls.txt'), {});
const SWITCHES = sysbench('switches', perSecond('sysbench-switches.txt'), {});

function fio(measurement: string, value: number, field: RegExp): Program {
  const other = measurement === 'random-write' ? 'fio-random-read.json' : 'fio-random-write.json';
  return {
    name: `fio, ${measurement}`,
    parse: parserOf('fio', measurement),
    captured: fixture(`fio-${measurement}.json`),
    values: { [measurement]: [value] },
    broken: {
      'a file that is missing': () => fixture('fio-missing.json'),
      'a full disk': () => fixture('fio-full.json'),
      'the work of another job': () => fixture(other),
      'two documents': (text) => text + text,
      'two jobs': (text) => text.replace('"jobs" : [', '"jobs" : [{},'),
      'no job': (text) => text.replace('"jobs" :', '"work" :'),
      'an error': (text) => text.replace('"error" : 0', '"error" : 5'),
      'a rate of zero': (text) => text.replace(field, '$10,'),
      'a rate below zero': (text) => text.replace(field, '$1-5,'),
      'an infinite rate': (text) => text.replace(field, '$11e999,'),
      'a rate that is null, as NaN is written': (text) => text.replace(field, '$1null,'),
      'a rate in words': (text) => text.replace(field, '$1"5",'),
      'a note on top': (text) => `note: both iodepth >= 1\n${text}`,
    },
  };
}

/** Of the side that worked: its rate is the first that is not zero. */
const IOPS = /("iops" : )(?!0\.000000)[\d.]+,/;
const BANDWIDTH = /("bw_bytes" : )(?!0,)\d+,/;

const PROGRAMS: readonly Program[] = [
  REDIS,
  MEMCASLAP,
  ...[CPU, WRITE, CALLS, SWITCHES],
  fio('random-read', 8592.417062, IOPS),
  fio('sequential-read', 1200543536, BANDWIDTH),
  fio('random-write', 10444.444444, IOPS),
];

const ANSI = '\u001b[2J\u001b[31m';

function isDefensible(readings: Readings): boolean {
  return Object.values(readings).every(
    (values) => values.length > 0 && values.every((value) => Number.isFinite(value) && value > 0),
  );
}

for (const { name, parse, captured, values, broken } of PROGRAMS) {
  test(`${name}: what it really printed gives its numbers`, (t) => {
    t.deepEqual(parse(captured), values);
  });

  const changes = { ...broken, nothing: () => '', 'a colour on top': (text: string) => ANSI + text };
  for (const [what, change] of Object.entries(changes)) {
    test(`${name}: ${what} is refused, in words that can be shown`, (t) => {
      const text = change(captured);
      t.not(text, captured);
      const error = t.throws(() => parse(text), { instanceOf: ParseError });
      t.regex(error.message, /^[^\p{C}]{20,600}$/u);
    });
  }

  test(`${name}: a part of what it printed is refused, wherever it was cut`, (t) => {
    for (let end = 0; end < captured.trimEnd().length; end += 1) {
      t.throws(() => parse(captured.slice(0, end)), { instanceOf: ParseError }, `cut after ${end}`);
    }
  });

  test(`${name}: a flood is refused, and its message stays short`, (t) => {
    const error = t.throws(() => parse(captured.repeat(400)), { instanceOf: ParseError });
    t.true(error.message.length < 600);
    t.throws(() => parse(captured.replaceAll(/\d+/g, '9'.repeat(400))), { instanceOf: ParseError });
  });

  test(`${name}: any text gives defensible numbers or a ParseError`, (t) => {
    const anywhere = fc.tuple(fc.nat(captured.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 20 }));
    const damaged = anywhere.map(([at, cut, put]) => captured.slice(0, at) + put + captured.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), (text) => {
        try {
          return isDefensible(parse(text));
        } catch (error) {
          return error instanceof ParseError;
        }
      }),
      { numRuns: 500 },
    );
    t.pass();
  });
}

test('sysbench: memory that was read counts as memory that was written', (t) => {
  const [, rate] = /\(([\d.]+) MiB\/sec\)/.exec(fixture('sysbench-memory-read.txt')) ?? [];
  const readings = parserOf('sysbench', 'memory-read')(fixture('sysbench-memory-read.txt'));
  t.deepEqual(readings, { 'memory-read': [Number(rate) * MIB] });
});

test('sysbench: an operation that its time limit ended has its rate', (t) => {
  const readings = parserOf('sysbench', 'memory-write')(fixture('sysbench-memory-limited.txt'));
  t.deepEqual(readings, { 'memory-write': [4943.19 * MIB] });
});

test('both clients of a server are read alike, under names of their own', (t) => {
  t.deepEqual(parserOf('redis', 'bridge')(REDIS.captured), {
    ...{ 'bridge-get': [3965.11], 'bridge-set': [5149.33], 'bridge-get-p99': [21_343_000] },
  });
  t.deepEqual(parserOf('memcached', 'bridge')(MEMCASLAP.captured), { bridge: [4827] });
});

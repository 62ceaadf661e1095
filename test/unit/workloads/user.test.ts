import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ConfigError, ParseError } from '../../../bench/errors.ts';
import { loadUserWorkload, parseUserWorkload } from '../../../bench/workloads/user.ts';
import { byJsonPath, byRegex } from '../../../bench/workloads/user/extract.ts';

const SYSBENCH = readFileSync(new URL('../../fixtures/workloads/sysbench-cpu-1000.txt', import.meta.url), 'utf8');
const EXAMPLE = fileURLToPath(new URL('../../../examples/workload.yaml', import.meta.url));

const SERVER = `id: kv
title: my own
image: node
entry: [/usr/bin/kv, --port, '{port}', --bind, '{listen}', '--dir=/{data}/x', '{print $1}']
port: 7000
ready: redis
measurements:
  - id: sets
    argv: [/usr/bin/kv-client, '{address}:{port}', '{data}']
    client: bridge
    timeout: 5s
    parser: { regex: 'rate=(\\S+)' }
    unit: 1/s
    better: higher
    primary: false
`;

const PLACEMENT = { dataDir: '/tare/data', listen: '0.0.0.0', port: 7001 };

/** SERVER with one line replaced, or with one more at its end. */
function withLine(pattern: string | null, line: string): string {
  if (pattern === null) return `${SERVER}${line}\n`;
  return SERVER.split('\n')
    .map((each) => (each.includes(pattern) ? line : each))
    .join('\n');
}

test('the example of the repository is a valid workload', (t) => {
  const workload = loadUserWorkload(EXAMPLE);
  t.is(workload.flavour, 'base');
  t.deepEqual(
    workload.measurements.map(({ id }) => id),
    ['sha256-rate', 'events'],
  );
  t.is(workload.measurements[1]?.parse(SYSBENCH)['events']?.[0], 33795.97);
});

test('placeholders are filled in, and other braces are left alone', (t) => {
  const workload = parseUserWorkload('kv.yaml', SERVER);
  t.deepEqual(workload.entry.argv(PLACEMENT).slice(1), [
    ...['--port', '7001', '--bind', '0.0.0.0', '--dir=//tare/data/x', '{print $1}'],
  ]);
  t.deepEqual(workload.entry.ready(PLACEMENT), { protocol: 'redis', port: 7001 });
  const [sets] = workload.measurements;
  t.deepEqual(sets?.call({ placement: PLACEMENT, address: '198.18.0.2' }).argv.slice(1), [
    '198.18.0.2:7001',
    '/tare/data',
  ]);
  t.like(sets, { client: 'bridge', operations: 1, timeoutMs: 5000 });
  t.like(sets?.metrics[0], { id: 'sets', primary: false, secondary: true, assessableEmulated: false });
});

test('the smallest file is a process that sleeps and is ready at once', (t) => {
  const { entry, measurements, title } = parseUserWorkload('a.yaml', 'id: a\n');
  t.is(title, 'a');
  t.deepEqual(entry.argv(PLACEMENT), ['/bin/sleep', 'infinity']);
  t.is(entry.ready(PLACEMENT).protocol, 'none');
  t.deepEqual(measurements, []);
  const withPort = parseUserWorkload('a.yaml', 'id: a\nport: 80\n');
  t.is(withPort.entry.ready(PLACEMENT).protocol, 'tcp');
});

for (const [name, pattern, line, place] of [
  ['an unknown field', null, 'colour: red', 'kv.yaml:1:1: the file'],
  ['a bad id', 'id: kv', 'id: K V', 'kv.yaml:1:5: id'],
  ['the id of one that is built in', 'id: kv', 'id: redis', 'kv.yaml:1:5: id: a workload of this name'],
  ['a relative program', 'entry:', 'entry: [kv]', 'kv.yaml:4:9: entry.0: expected the program'],
  ['a shell line', 'entry:', 'entry: kv --port', 'kv.yaml:4:8: entry'],
  ['a client address in the entry', 'entry:', "entry: [/kv, '{address}']", 'kv.yaml:4:14: entry.1: only a client'],
  ['a port that is none', 'port: 7000', 'port: 70000', 'kv.yaml:5:7: port'],
  ['an unknown protocol', 'ready:', 'ready: http', 'kv.yaml:6:8: ready'],
  ['an unknown client', 'client:', '    client: outside', 'kv.yaml:10:13: measurements.0.client'],
  ['a time without a unit', 'timeout:', '    timeout: 5', 'kv.yaml:11:14: measurements.0.timeout'],
  ['no parser', 'parser:', '    parser: {}', 'kv.yaml:12:13: measurements.0.parser: expected either'],
  ['both parsers', 'parser:', "    parser: { regex: '(a)', jsonPath: $.a }", 'kv.yaml:12:13: measurements.0.parser'],
  ['no group', 'parser:', '    parser: { regex: a+ }', 'kv.yaml:12:22: measurements.0.parser.regex: it has 0'],
  ['two groups', 'parser:', "    parser: { regex: '(a)(b)' }", 'kv.yaml:12:22: measurements.0.parser.regex: it has 2'],
  ['a broken regex', 'parser:', "    parser: { regex: '(a' }", 'kv.yaml:12:22: measurements.0.parser.regex: Invalid'],
  [
    'a flag that is stateful',
    'parser:',
    "    parser: { regex: '(a)', flags: g }",
    'kv.yaml:12:36: measurements.0.parser',
  ],
  ['a clever path', 'parser:', '    parser: { jsonPath: $..a }', 'kv.yaml:12:25: measurements.0.parser.jsonPath'],
  ['a side that is neither', 'better:', '    better: more', 'kv.yaml:14:13: measurements.0.better'],
  ['broken YAML', 'unit:', '    unit: [', 'kv.yaml:14:'],
] as const) {
  test(`${name} is refused with line and column`, (t) => {
    const error = t.throws(() => parseUserWorkload('kv.yaml', withLine(pattern, line)), { instanceOf: ConfigError });
    t.true(error.message.startsWith(place), error.message);
  });
}

test('what needs a port says so', (t) => {
  const error = t.throws(() => parseUserWorkload('kv.yaml', withLine('port: 7000', '')), { instanceOf: ConfigError });
  t.deepEqual(
    error.message.split('\n').map((line) => line.split(': ')[1]),
    ['entry.2', 'ready', 'measurements.0.argv.1', 'measurements.0.client'],
  );
});

test('two measurements of one id are refused', (t) => {
  const second = SERVER.slice(SERVER.indexOf('  - id: sets'));
  const error = t.throws(() => parseUserWorkload('kv.yaml', `${SERVER}${second}`), { instanceOf: ConfigError });
  t.true(error.message.startsWith('kv.yaml:16:9: measurements.1.id: another'), error.message);
});

test('a file that cannot be read is named', (t) => {
  const error = t.throws(() => loadUserWorkload('/nowhere/kv.yaml'), { instanceOf: ConfigError });
  t.regex(error.message, /^\/nowhere\/kv\.yaml: ENOENT/);
});

test('an expression gives the first match as a number', (t) => {
  t.is(byRegex('rate=(\\S+)', '')('a rate=1.5e3 rate=2'), 1500);
  t.is(byRegex('^Rate: (.*)$', 'im')('x\nrate: .25\n'), 0.25);
  for (const text of [
    '',
    'rate=',
    'rate=x',
    'rate=-1',
    'rate=0',
    'rate=0x10',
    'rate=1,000',
    'rate=1e999',
    'rate=NaN',
  ]) {
    t.throws(() => byRegex('rate=(\\S*)', '')(text), { instanceOf: ParseError, code: 'WORKLOAD_OUTPUT' }, text);
  }
  t.throws(() => byRegex('(a)?b', '')('b'), { instanceOf: ParseError }, 'a group that took no part');
});

test('an expression that would never end is ended', (t) => {
  const began = performance.now();
  const error = t.throws(() => byRegex('^(?:a+)+(x)$', '')(`${'a'.repeat(60)}b`), { instanceOf: ParseError });
  t.regex(error.message, /came to no end within 1000 ms/);
  t.true(performance.now() - began < 20_000);
});

test('a path gives the number at its end, of own properties alone', (t) => {
  t.is(byJsonPath('$.jobs[1].rate')('{"jobs":[{},{"rate":12.5}]}'), 12.5);
  t.is(byJsonPath('$[0]')('[3]'), 3);
  for (const [path, text] of [
    ['$.a', ''],
    ['$.a', '{"a":'],
    ['$.a', 'null'],
    ['$.a', '{}'],
    ['$.a', '{"a":"1"}'],
    ['$.a', '{"a":0}'],
    ['$.a', '{"a":-1}'],
    ['$.a', '{"a":1e999}'],
    ['$.a.b', '{"a":null}'],
    ['$.length', '[1]'],
    ['$[0]', '{"0":1}'],
    ['$[1]', '[1]'],
    ['$.constructor.length', '{}'],
    ['$.__proto__.x', '{"a":1}'],
  ] as const) {
    t.throws(() => byJsonPath(path)(text), { instanceOf: ParseError, code: 'WORKLOAD_OUTPUT' }, `${path} ${text}`);
  }
});

test('an output is bounded, and its head is quoted without what could drive a terminal', (t) => {
  t.throws(() => byRegex('(1)', '')('1'.repeat(2 ** 20 + 1)), { instanceOf: ParseError, message: /more than 1048576/ });
  const error = t.throws(() => byJsonPath('$.a')(`\u001b[2J\u202e\n${'x'.repeat(5000)}`), { instanceOf: ParseError });
  t.regex(error.message, /^[^\p{C}]{20,400}$/u);
});

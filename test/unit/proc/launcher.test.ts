import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { encodeSteps, parseStamps } from '../../../bench/proc/launcher.ts';

test('words reach the launcher whatever they contain, empty ones as well', (t) => {
  const steps = [{ argv: ['a', "b 'c\n$d", '', '>'] }, { argv: ['>e'], outputFile: '/x y' }];
  t.is(encodeSteps(steps), ["4\0\0a\0b 'c\n$d\0\0>\0", '1\0/x y\0>e\0'].join(''));
});

test('what cannot be told apart is refused', (t) => {
  for (const argv of [[], [''], ['a\0b'], ['a', '\0']]) {
    t.throws(() => encodeSteps([{ argv }]), { instanceOf: ParseError }, JSON.stringify(argv));
  }
  t.throws(() => encodeSteps([{ argv: ['a'], outputFile: '/x\0y' }]), { instanceOf: ParseError });
});

test('stamps are read to the nanosecond, and anything else is an error', (t) => {
  t.deepEqual(parseStamps('9007199254740993 9007199254740995 exit 0\n1 2 signal 9\n3 4 error 2\n'), [
    { startedNs: 9007199254740993n, endedNs: 9007199254740995n, how: 'exit', number: 0 },
    { startedNs: 1n, endedNs: 2n, how: 'signal', number: 9 },
    { startedNs: 3n, endedNs: 4n, how: 'error', number: 2 },
  ]);
  t.deepEqual(parseStamps(''), []);
  for (const text of ['1 2\n', 'x 2 exit 0\n', '1 2 exit 0 3\n', '1 2 exit -1\n', '1 2 left 0\n', '\n', '1 2 exit 1']) {
    t.throws(() => parseStamps(text), { instanceOf: ParseError }, text);
  }
});

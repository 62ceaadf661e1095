import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import { encodeSteps, parseStamps } from '../../../bench/proc/launcher.ts';

test('words reach the launcher whatever they contain, and a command ends with an empty one', (t) => {
  const steps = [{ argv: ['a', "b 'c\n$d"] }, { argv: ['e'], outputFile: '/x y' }];
  t.is(encodeSteps(steps), "a\0b 'c\n$d\0\0>/x y\0e\0\0");
});

test('what cannot be told apart is refused', (t) => {
  for (const argv of [[], ['a', ''], ['a\0b'], ['>a']]) {
    t.throws(() => encodeSteps([{ argv }]), { instanceOf: ParseError }, JSON.stringify(argv));
  }
});

test('stamps are read to the nanosecond, and anything else is an error', (t) => {
  t.deepEqual(parseStamps('9007199254740993 9007199254740995 0\n1 2 -1\n'), [
    { startedNs: 9007199254740993n, endedNs: 9007199254740995n, code: 0 },
    { startedNs: 1n, endedNs: 2n, code: -1 },
  ]);
  t.deepEqual(parseStamps(''), []);
  for (const text of ['1 2\n', 'x 2 0\n', '1 2 0 3\n'])
    t.throws(() => parseStamps(text), { instanceOf: ParseError }, text);
});

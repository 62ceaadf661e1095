import test from 'ava';
import { array, assert, property, string } from 'fast-check';
import { entryText } from '../../../runners/kvm/entry.ts';

/** As vms/guest/system.c reads it. */
function read(text: string): readonly string[] {
  return text.split(' ').map((word) => {
    const bytes: number[] = [];
    for (let at = 0; at < word.length; at += 1) {
      const escaped = /^%([0-9a-f]{2})/.exec(word.slice(at));
      bytes.push(escaped ? Number.parseInt(escaped[1] ?? '', 16) : word.codePointAt(at)!);
      if (escaped) at += 2;
    }
    const bytesBeforeEnd = bytes.includes(0) ? bytes.slice(0, bytes.indexOf(0)) : bytes;
    return Buffer.from(bytesBeforeEnd).toString();
  });
}

test('ordinary arguments stay readable', (t) => {
  t.is(
    entryText(['--ready', 'redis:127.0.0.1:6379', '--', '/bin/x', '']),
    '--ready redis:127.0.0.1:6379 -- /bin/x %00',
  );
});

test('whatever the arguments are, they arrive as they were', (t) => {
  const word = string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
  assert(
    property(array(word, { minLength: 1 }), (words) => {
      const text = entryText(words);
      t.regex(text, /^[\w./:=@,+%-]+(?: [\w./:=@,+%-]+)*$/);
      t.deepEqual(
        read(text),
        words.map((one) => Buffer.from(one).toString()),
      );
    }),
  );
});

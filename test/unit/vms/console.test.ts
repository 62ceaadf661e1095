import test from 'ava';
import { tellingLines, sanitise } from '../../../vms/console.ts';

test('what a guest prints cannot steer a terminal', (t) => {
  t.is(sanitise('\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07plain\tx'), 'red\nplain\tx');
  t.is(sanitise('a\x00b\x08c\x9bd\rover'), 'a?b?c?d?over');
  t.notRegex(
    sanitise(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')),
    /[^\n\t\x20-\x7e]/,
  );
});

test('the last lines that say something are told, each bounded', (t) => {
  t.is(tellingLines('one\r\ntwo\r\n\r\n   \r\nthree\r\n', 2), 'two\nthree');
  t.is(tellingLines('', 3), '');
  t.is(tellingLines('x'.repeat(5000), 3).length, 200);
});

test('lines that name a failure come before the last ones', (t) => {
  const text =
    '[1.0] Kernel panic - not syncing: x\r\n[1.1] R13: 0\r\ntare: cannot mount /root: No such device\r\nend\r\n';
  t.is(tellingLines(text, 3), '[1.0] Kernel panic - not syncing: x\ntare: cannot mount /root: No such device');
});

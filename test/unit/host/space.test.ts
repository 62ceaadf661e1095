import test from 'ava';
import { ResourceError } from '../../../bench/errors.ts';
import { freeBytes, readableBytes, requireSpace } from '../../../bench/host/space.ts';

test('enough space passes without a word', (t) => {
  t.notThrows(() => requireSpace('/tmp', 1));
});

test('too little space names the path, what is needed and what is free', (t) => {
  const error = t.throws(() => requireSpace('/tmp', 2 ** 60), { instanceOf: ResourceError, code: 'NO_SPACE' });
  t.regex(error.message, /\/tmp needs .*TiB.* has .* free/);
  t.truthy(error.hint);
  t.is(error.details['neededBytes'], 2 ** 60);
});

test('a folder that is not there yet is judged by its parent', (t) => {
  t.true(freeBytes('/proc/not/there') >= 0);
  t.notThrows(() => requireSpace('/tmp/not/there/yet', 1));
});

test('bytes are written in the unit that fits', (t) => {
  t.deepEqual([0, 1023, 1024, 1536 * 2 ** 20, 5 * 2 ** 50].map(readableBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 GiB',
    '5120.0 TiB',
  ]);
});

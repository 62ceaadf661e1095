import test from 'ava';
import { withOptions } from '../../../bench/config/runner-options.ts';
import { ConfigError } from '../../../bench/errors.ts';
import type { RunnerOption } from '../../../bench/model/runner.ts';

const MACHINE: RunnerOption = { name: 'machine', what: 'the board', values: ['q35', 'pc'], default: 'q35' };
const THREADS: RunnerOption = { name: 'iothreads', what: 'threads of disks', values: 'count', default: 0 };
const LABEL: RunnerOption = { name: 'label', what: 'a word', values: 'text', default: 'none' };
const runner = { id: 'box', options: [MACHINE, THREADS, LABEL] };

test('every default is written out, and what is given wins', (t) => {
  t.deepEqual(withOptions(runner, {}), { machine: 'q35', iothreads: 0, label: 'none' });
  t.deepEqual(withOptions(runner, { machine: 'pc', iothreads: 2 }), { machine: 'pc', iothreads: 2, label: 'none' });
  t.deepEqual(withOptions({ id: 'plain' }, {}), {});
});

test('an option that there is not is refused with those that there are', (t) => {
  const error = t.throws(() => withOptions(runner, { machin: 'pc' }), { instanceOf: ConfigError });
  t.is(error?.code, 'UNKNOWN_OPTION');
  t.regex(error?.hint ?? '', /machine, iothreads, label/);
  t.is(
    t.throws(() => withOptions({ id: 'plain' }, { a: 1 }), { instanceOf: ConfigError })?.hint,
    'plain has no options',
  );
});

for (const [name, value] of [
  ['machine', 'microvm'],
  ['machine', true],
  ['iothreads', -1],
  ['iothreads', 1.5],
  ['iothreads', '1'],
  ['label', ''],
  ['label', 'two\nlines'],
] as const) {
  test(`${name} cannot be ${JSON.stringify(value)}`, (t) => {
    const error = t.throws(() => withOptions(runner, { [name]: value }), { instanceOf: ConfigError });
    t.is(error?.code, 'BAD_OPTION');
    t.true(error?.message.includes(JSON.stringify(value)));
  });
}

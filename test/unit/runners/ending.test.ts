import test from 'ava';
import { ResourceError } from '../../../bench/errors.ts';
import { observeEnd } from '../../../runners/shared/ending.ts';

/** Something that ends a few looks after it was asked in a way that it listens to. */
function box(listensTo: readonly ('stop' | 'kill')[]) {
  let looks: number | undefined;
  const asked: string[] = [];
  const ask = (how: 'stop' | 'kill') => async () => {
    asked.push(how);
    if (listensTo.includes(how)) looks = 3;
  };
  const isGone = () => looks !== undefined && looks-- <= 0;
  return { asked, stop: ask('stop'), kill: ask('kill'), isGone };
}

test('what stops is not killed', async (t) => {
  const it = box(['stop', 'kill']);
  const ending = await observeEnd({ ...it, how: 'stop', timeoutMs: 5000 });
  t.deepEqual(it.asked, ['stop']);
  t.false(ending.timedOut);
  t.true(ending.goneNs > ending.startedNs);
});

test('what does not stop is killed at the deadline, and that is said', async (t) => {
  const it = box(['kill']);
  const ending = await observeEnd({ ...it, how: 'stop', timeoutMs: 20 });
  t.deepEqual(it.asked, ['stop', 'kill']);
  t.true(ending.timedOut);
});

test('an instance that could not be asked and lives is a failure', async (t) => {
  const stop = async () => {
    throw new ResourceError('NO', 'no');
  };
  const error = await t.throwsAsync(observeEnd({ ...box([]), stop, how: 'stop', timeoutMs: 5000 }));
  t.is(error?.message, 'no');
});

test('an instance that could not be asked because it was gone is gone', async (t) => {
  const stop = async () => {
    throw new ResourceError('NO', 'no such container');
  };
  const ending = await observeEnd({ ...box([]), stop, isGone: () => true, how: 'stop', timeoutMs: 5000 });
  t.false(ending.timedOut);
});

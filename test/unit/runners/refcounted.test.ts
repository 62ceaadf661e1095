import test from 'ava';
import { Refcounted } from '../../../runners/shared/refcounted.ts';

function counted() {
  const log: string[] = [];
  let next = 0;
  const make = async (undo: AsyncDisposableStack) => {
    const id = next++;
    undo.defer(() => void log.push(`undo ${id}`));
    log.push(`make ${id}`);
    await Promise.resolve();
    return id;
  };
  return { log, make, things: new Refcounted<number>() };
}

test('a thing is made once for all its users and removed after the last', async (t) => {
  const { log, make, things } = counted();
  const [first, second] = await Promise.all([things.acquire('a', make), things.acquire('a', make)]);
  t.is(first.value, second.value);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  t.deepEqual(log, ['make 0']);
  await second[Symbol.asyncDispose]();
  t.deepEqual(log, ['make 0', 'undo 0']);
});

test('what is wanted again while it is removed is made anew afterwards', async (t) => {
  const { log, make, things } = counted();
  const first = await things.acquire('a', make);
  const removal = first[Symbol.asyncDispose]();
  const second = await things.acquire('a', make);
  await removal;
  t.deepEqual(log, ['make 0', 'undo 0', 'make 1']);
  await second[Symbol.asyncDispose]();
});

test('a failure undoes what was done, reaches every user, and is not remembered', async (t) => {
  const { log, make, things } = counted();
  const fail = async (undo: AsyncDisposableStack): Promise<number> => {
    undo.defer(() => void log.push('undone'));
    await Promise.resolve();
    throw new RangeError('no');
  };
  const both = await Promise.allSettled([things.acquire('a', fail), things.acquire('a', fail)]);
  t.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.deepEqual(log, ['undone']);
  const third = await things.acquire('a', make);
  t.is(third.value, 0);
  await third[Symbol.asyncDispose]();
});

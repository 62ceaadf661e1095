import test from 'ava';
import { mapInParallel } from '../../../bench/proc/parallel.ts';

test('results come in the order of the items, by no more workers than asked for', async (t) => {
  let running = 0;
  let most = 0;
  const results = await mapInParallel([30, 1, 20, 2], 2, async (ms) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, ms));
    running -= 1;
    return ms * 2;
  });
  t.deepEqual(results, [60, 2, 40, 4]);
  t.is(most, 2);
});

test('no two running calls share a worker', async (t) => {
  const busy = new Set<number>();
  await mapInParallel([5, 1, 3, 1, 2, 4], 3, async (ms, worker) => {
    t.false(busy.has(worker));
    busy.add(worker);
    await new Promise((resolve) => setTimeout(resolve, ms));
    busy.delete(worker);
  });
});

test('after a failure nothing new begins, and what is under way is awaited before the failure is thrown', async (t) => {
  const ended: number[] = [];
  const begun: number[] = [];
  const failing = mapInParallel([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new RangeError('first');
    await new Promise((resolve) => setTimeout(resolve, 5));
    ended.push(item);
  });
  await t.throwsAsync(failing, { instanceOf: RangeError, message: 'first' });
  t.deepEqual([begun, ended], [[0, 1], [1]]);
});

test('no items give no results', async (t) => {
  t.deepEqual(await mapInParallel([], 4, async () => 1), []);
});

import test from 'ava';
import { WorkloadError } from '../../../bench/errors.ts';
import { Shards } from '../../../runners/shared/shards.ts';

test('the first that has room is used, and another is made only when all are full', async (t) => {
  const made: number[] = [];
  const shards = new Shards(
    0,
    async (shard) => {
      made.push(shard);
      return shard;
    },
    2,
  );
  const places = await Promise.all(Array.from({ length: 5 }, () => shards.take()));
  t.deepEqual(
    places.map(({ value }) => value),
    [0, 0, 1, 1, 2],
  );
  t.deepEqual(made, [1, 2]);
  const [first] = places;
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  t.is((await shards.take()).value, 0);
  t.is((await shards.take()).value, 2);
});

test('what could not be made is an error of those who wait for it, and tried again by the next', async (t) => {
  let tries = 0;
  const make = async () => {
    tries += 1;
    if (tries === 1) throw new WorkloadError('NO', 'not now');
    return 'second';
  };
  const shards = new Shards('first', make, 1);
  await shards.take();
  const failed = await Promise.allSettled([shards.take(), shards.take()]);
  t.deepEqual(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.is((await shards.take()).value, 'second');
  t.is(tries, 2);
});

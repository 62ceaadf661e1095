import test from 'ava';
import * as fc from 'fast-check';
import { ConfigError } from '../../../bench/errors.ts';
import { latinOrders } from '../../../bench/stats/latin.ts';

const size = fc.integer({ min: 1, max: 9 });
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

test('every run of as many blocks as runners is a Latin square', (t) => {
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 4 }), seed, (runners, squares, start) => {
      const orders = latinOrders(runners, runners * squares, start);
      for (let first = 0; first < orders.length; first += runners) {
        const square = orders.slice(first, first + runners);
        for (let place = 0; place < runners; place++) {
          if (new Set(square.map((order) => order[place])).size !== runners) return false;
          if (new Set(square[place]).size !== runners) return false;
        }
      }
      return orders.length === runners * squares;
    }),
  );
  t.pass();
});

test('each runner follows each other one equally often: once a square, or twice in two where the number is odd', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), seed, (runners, start) => {
      const squares = runners % 2 === 0 ? 1 : 2;
      const followed = new Map<string, number>();
      for (const order of latinOrders(runners, runners * squares, start)) {
        order.slice(1).forEach((runner, index) => {
          const pair = `${order[index]}>${runner}`;
          followed.set(pair, (followed.get(pair) ?? 0) + 1);
        });
      }
      return followed.size === runners * (runners - 1) && [...followed.values()].every((count) => count === squares);
    }),
  );
  t.pass();
});

test('the seed alone decides, and more blocks never change the earlier ones', (t) => {
  fc.assert(
    fc.property(size, fc.nat(30), fc.nat(30), seed, (runners, few, more, start) => {
      const short = latinOrders(runners, few, start);
      t.deepEqual(latinOrders(runners, few + more, start).slice(0, few), short);
    }),
  );
  const orders = new Set(Array.from({ length: 50 }, (_, start) => JSON.stringify(latinOrders(4, 8, start))));
  t.true(orders.size > 45);
});

test('over many seeds the first block starts with each runner equally often', (t) => {
  const counts = [0, 0, 0, 0];
  for (let start = 0; start < 4000; start++) {
    const first = latinOrders(4, 1, start)[0]?.[0] ?? -1;
    counts[first] = (counts[first] ?? 0) + 1;
  }
  t.true(
    counts.every((count) => Math.abs(count - 1000) < 4 * Math.sqrt(750)),
    counts.join(' '),
  );
});

test('impossible counts throw and no blocks give no orders', (t) => {
  t.deepEqual(latinOrders(3, 0, 1), []);
  t.throws(() => latinOrders(0, 1, 1), { instanceOf: ConfigError });
  t.throws(() => latinOrders(2, -1, 1), { instanceOf: ConfigError });
});

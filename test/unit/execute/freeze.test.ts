import test from 'ava';
import { cutToBudget } from '../../../bench/execute/freeze.ts';

test('a fixed number of blocks stays while the time pays for it', (t) => {
  t.is(cutToBudget(12, 1000, 11_000), 12);
  t.is(cutToBudget(12, 1000, 1e9), 12);
});

test('a fixed number of blocks is cut to what the time pays for, the first one always kept', (t) => {
  t.is(cutToBudget(12, 1000, 5500), 6);
  t.is(cutToBudget(12, 60_000, 1000), 1);
  t.is(cutToBudget(12, 60_000, -5000), 1);
  t.is(cutToBudget(1, 0, 0), 1);
});

import { type Random, seededRandom } from './random.ts';
import { requireWhole } from './require.ts';

/**
 * Seeded orders of the runners (0 … runnerCount − 1), one for each block. Every run of `runnerCount` blocks from the
 * first is a Latin square: each runner stands at each position exactly once. Within blocks it is balanced for carry-over
 * after Williams: with an even number of runners each follows each other one once in every square, with an odd
 * number twice in every two squares. The last square may be cut short; more blocks never change the earlier ones.
 * @throws ConfigError `BAD_COUNT`.
 */
export function latinOrders(runnerCount: number, blocks: number, seed: number): readonly (readonly number[])[] {
  requireWhole('the number of runners', runnerCount, 1);
  requireWhole('the number of blocks', blocks, 0);
  const random = seededRandom(seed);
  const orders: number[][] = [];
  while (orders.length < blocks) orders.push(...balancedSquares(runnerCount, random));
  return orders.slice(0, blocks);
}

/** One square for an even size, a square and its mirror image for an odd one, with runners and blocks shuffled. */
function balancedSquares(size: number, random: Random): number[][] {
  const labels = random.shuffle(Array.from({ length: size }, (_, index) => index));
  const square = zigzagSquare(size).map((row) => row.map((place) => labels[place] as number));
  if (size % 2 === 0 || size === 1) return random.shuffle(square);
  return [...random.shuffle(square), ...random.shuffle(square.map((row) => row.toReversed()))];
}

/** Row r is 0, n−1, 1, n−2, … shifted by r: differences of neighbours take every value, which balances who follows whom. */
function zigzagSquare(size: number): number[][] {
  const zigzag = Array.from({ length: size }, (_, place) => (place % 2 === 0 ? place / 2 : size - (place + 1) / 2));
  return zigzag.map((_, shift) => zigzag.map((place) => (place + shift) % size));
}

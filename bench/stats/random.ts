import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/** A stream of random numbers that the seed alone decides. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer, both ends included. */
  int(from: number, to: number): number;
  /** A new array in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/** Mersenne twister: its seeding mixes well, so that neighbouring seeds give unrelated streams. Takes 32 bits of `seed`. */
export function seededRandom(seed: number): Random {
  const generator = mersenne(seed);
  const int = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    next: () => uniformFloat64(generator),
    int,
    shuffle<T>(items: readonly T[]): T[] {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = int(0, last);
        const kept = shuffled[last] as T;
        shuffled[last] = shuffled[other] as T;
        shuffled[other] = kept;
      }
      return shuffled;
    },
  };
}

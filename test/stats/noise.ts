import { type Random, seededRandom } from '../../bench/stats/random.ts';

/** One value of noise around its median, on the log scale, roughly in units of its spread. */
export type Noise = (random: Random) => number;

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function pareto(random: Random): number {
  return (1 - random.next()) ** (-1 / 1.5);
}

/** The kinds of noise that METHOD's simulations name, independent from value to value. */
export const NOISES: Readonly<Record<string, Noise>> = {
  normal,
  'log-normal': (random) => Math.exp(normal(random)) - 1,
  'Pareto 1.5': (random) => pareto(random) - 2 ** (1 / 1.5),
  spiky: (random) => normal(random) + (random.next() < 0.05 ? 60 : 0),
  bimodal: (random) => normal(random) + (random.next() < 0.5 ? 10 : 0),
};

/** A series in which each value keeps `share` of the one before; its values alone are standard normal. */
export function autocorrelated(random: Random, n: number, share: number): number[] {
  let last = normal(random);
  return Array.from({ length: n }, () => {
    last = share * last + Math.sqrt(1 - share ** 2) * normal(random);
    return last;
  });
}

/** The share of `runs` seeded simulations for which `hit` says yes. */
export function shareOf(runs: number, seed: number, hit: (random: Random, run: number) => boolean): number {
  const random = seededRandom(seed);
  let hits = 0;
  for (let run = 0; run < runs; run++) if (hit(random, run)) hits++;
  return hits / runs;
}

/** Four standard errors of a share: what chance alone almost never exceeds. */
export function margin(share: number, runs: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / runs);
}

import { median } from '../../bench/stats/quantile.ts';
import { type Random, seededRandom } from '../../bench/stats/random.ts';
import { shiftOf } from '../../bench/stats/rank-sum.ts';
import { signInterval } from '../../bench/stats/sign-interval.ts';
import { autocorrelated, NOISES, type Noise, normal, shareOf } from './noise.ts';
import { claimsAny, operationsInSequence, startsInSequence, tares } from './procedures.ts';
import { DRIFTS, type SessionShape } from './session.ts';

/** The simulations behind docs/statistics.md. All are seeded: the same number of runs gives the same shares everywhere. */

const LEVEL = 0.95;
export const BLOCK_COUNTS = [6, 8, 10, 15, 20, 30, 40] as const;
export const RESTART_SHARES = [0, 1, 2] as const;
export const SLOWDOWNS = [0, 0.01, 0.02, 0.03, 0.05, 0.1] as const;
export const CARRIED = [0, 0.3, 0.5, 0.7] as const;
export const SESSION_SDS = [0, 0.01, 0.02, 0.05] as const;
export const ALLOWED = [0, 0.02, 0.05] as const;

const WITHIN_SD = 0.01;
const TRUTH_DRAWS = 400_001;

/** Four comparisons with a first arm, over 20 blocks. */
const FOUR: Omit<SessionShape, 'drift'> = {
  ...{ arms: 5, blocks: 20, operations: 5 },
  ...{ withinSd: WITHIN_SD, restartSd: WITHIN_SD },
};

function trueMedian(noise: Noise): number {
  const random = seededRandom(99);
  return median(Array.from({ length: TRUTH_DRAWS }, () => noise(random)));
}

export interface Coverage {
  readonly noise: string;
  readonly n: number;
  readonly covered: number;
}

/** How often the 95% interval holds the true median. */
export function coverages(runs: number): readonly Coverage[] {
  return Object.entries(NOISES).flatMap(([name, noise], kind) => {
    const truth = trueMedian(noise);
    return BLOCK_COUNTS.map((n) => {
      const covered = shareOf(runs, 100 * kind + n, (random) => {
        const values = Array.from({ length: n }, () => noise(random));
        const found = signInterval(values, LEVEL);
        return found !== null && found.lo <= truth && truth <= found.hi;
      });
      return { noise: name, n, covered };
    });
  });
}

export interface FalseClaims {
  readonly drift: string;
  /** Standard deviation between starts, in those within one. */
  readonly restarts: number;
  /** Shares of sessions in which at least one of four comparisons of like with like claimed a difference. */
  readonly tare: number;
  readonly starts: number;
  readonly operations: number;
}

export function falseClaims(runs: number): readonly FalseClaims[] {
  return Object.entries(DRIFTS).flatMap(([name, drift], kind) =>
    RESTART_SHARES.map((restarts) => {
      const shape = { ...FOUR, drift, restartSd: restarts * WITHIN_SD };
      const share = (procedure: ReturnType<typeof tares>) =>
        shareOf(runs, 1000 + 10 * kind + restarts, (random) => claimsAny(procedure(random, shape)));
      return {
        ...{ drift: name, restarts },
        ...{ tare: share(tares()), starts: share(startsInSequence), operations: share(operationsInSequence) },
      };
    }),
  );
}

export interface Power {
  readonly slowdown: number;
  readonly slower: number;
  readonly equivalent: number;
  readonly notResolved: number;
  readonly faster: number;
}

/** What is said, with δ = 2%, of an arm that is truly slower by so much; restarts scatter by 1%. */
export function powers(runs: number): readonly Power[] {
  const procedure = tares(0.02);
  return SLOWDOWNS.map((slowdown) => {
    const shape = { ...FOUR, drift: DRIFTS['steady'] as SessionShape['drift'], factors: [1, 1 + slowdown] };
    const random = seededRandom(2000);
    const verdicts = Array.from({ length: runs }, () => procedure(random, shape)[0]);
    const share = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length / runs;
    return {
      ...{ slowdown, slower: share('slower'), equivalent: share('equivalent') },
      ...{ notResolved: share('not-resolved'), faster: share('faster') },
    };
  });
}

export interface Carried {
  /** What a block's value keeps of the one before. */
  readonly share: number;
  readonly n: number;
  readonly covered: number;
}

/** The known weakness: values of which each resembles the one before. */
export function carriedCoverages(runs: number): readonly Carried[] {
  return CARRIED.flatMap((share) =>
    [10, 20, 40].map((n) => ({
      ...{ share, n },
      covered: shareOf(runs, 3000 + n, (random) => {
        const found = signInterval(autocorrelated(random, n, share), LEVEL);
        return found !== null && found.lo <= 0 && 0 <= found.hi;
      }),
    })),
  );
}

export interface FalseAlarms {
  /** Standard deviation from session to session. */
  readonly sessionSd: number;
  /** The regression that is allowed. */
  readonly allowed: number;
  /** Shares of gates that called a regression where nothing had changed. */
  readonly stored: number;
  readonly interleaved: number;
}

/**
 * A gate of 20 blocks on either side, without any change: against a baseline from another session, as `tare compare` does, and with
 * both sides in one session, block by block.
 */
export function falseAlarms(runs: number): readonly FalseAlarms[] {
  const n = FOUR.blocks;
  const level = 0.95;
  return SESSION_SDS.flatMap((sessionSd, kind) =>
    ALLOWED.map((allowed) => {
      const most = Math.log1p(allowed);
      const session = (random: Random) => {
        const shift = sessionSd * normal(random);
        return Array.from({ length: n }, () => shift + WITHIN_SD * normal(random));
      };
      const stored = shareOf(runs, 4000 + kind, (random) => {
        return shiftOf(session(random), session(random), level).lower > most;
      });
      const interleaved = shareOf(runs, 5000 + kind, (random) => {
        // One session has one shift, which goes out with the difference.
        const shift = sessionSd * normal(random);
        const value = () => shift + WITHIN_SD * normal(random);
        const ratios = Array.from({ length: n }, () => value() - value());
        return (signInterval(ratios, 2 * level - 1)?.lo ?? -Infinity) > most;
      });
      return { sessionSd, allowed, stored, interleaved };
    }),
  );
}

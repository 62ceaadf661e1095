import { ConfigError } from '../errors.ts';
import { normalQuantile } from './normal.ts';
import { requireWhole } from './require.ts';

/** The error that all primary comparisons of a run share; each gets this over m. */
const ERROR_RATE = 0.05;

/** The level of each interval over m primary comparisons: 1 − 0.05/m. @throws ConfigError `BAD_COUNT`. */
export function levelFor(m: number): number {
  requireWhole('the number of comparisons', m, 1);
  return 1 - ERROR_RATE / m;
}

/**
 * n ≥ 1 + log2(m/0.05): the fewest blocks with which a sign test can reach 0.05/m. @throws ConfigError `BAD_COUNT`.
 */
export function minimumBlocks(m: number): number {
  return minimumBlocksForLevel(levelFor(m));
}

/** The fewest values for which the sign interval has this level: n ≥ 1 + log2(1/(1 − level)). */
export function minimumBlocksForLevel(level: number): number {
  if (!(level > 0 && level < 1)) throw new ConfigError('BAD_LEVEL', `a level lies between 0 and 1, not at ${level}`);
  // Rounding must not add a block where the logarithm is whole.
  return Math.max(2, Math.ceil(1 - Math.log2(1 - level) - 1e-9));
}

/** The smallest two-sided p that a sign test over n blocks can give: 2^(1−n), and 1 without blocks. */
export function smallestP(n: number): number {
  requireWhole('the number of blocks', n, 0);
  return Math.min(1, 2 ** (1 - n));
}

export interface FreezeInput {
  /** For each primary comparison the log ratios of the pilot; ±Infinity for a failure. */
  readonly pilot: readonly (readonly number[])[];
  /** Wanted half-width of each interval, as a log ratio: ln(1.05) for 5%. */
  readonly targetHalfWidth: number;
  /** Level of each interval. */
  readonly level: number;
  /** Milliseconds of one block, as the pilot had them. */
  readonly blockMs: number;
  /** Milliseconds that are left for this experiment. */
  readonly budgetMs: number;
  /** Blocks of one Latin square: the number of runners. */
  readonly squareSize: number;
  /** Fewest blocks with which the level can be had. */
  readonly minimum: number;
}

export interface FrozenBlocks {
  /** Whole squares; at least one, even where the budget does not pay for it. */
  readonly blocks: number;
  /** What decided: the budget, the target half-width, or the minimum because the target needs no more. */
  readonly reason: 'budget' | 'precision' | 'minimum';
  /** Blocks that the target half-width needs, at least the minimum; null where the pilot could not tell. */
  readonly needed: number | null;
  /** False when `blocks` is under the minimum: every comparison will end as not resolved. */
  readonly resolvable: boolean;
}

/**
 * Freezes the number of blocks after the pilot: the smaller of what the budget pays for and what the target half-width needs, in
 * whole squares. Where the pilot cannot tell the need, the budget decides alone.
 * @throws ConfigError `BAD_COUNT`, `BAD_AMOUNT` or `BAD_LEVEL` for impossible input.
 */
export function freezeBlocks(input: FreezeInput): FrozenBlocks {
  const { squareSize, minimum } = input;
  requireWhole('the size of a square', squareSize, 1);
  requireWhole('the minimum of blocks', minimum, 1);
  requirePositive('the target half-width', input.targetHalfWidth);
  requirePositive('the cost of a block', input.blockMs);
  if (!(input.budgetMs >= 0 && input.budgetMs < Infinity)) {
    throw new ConfigError('BAD_AMOUNT', `a budget is a finite time, not ${input.budgetMs} ms`);
  }
  const needed = neededBlocks(input);
  const paid = Math.floor(input.budgetMs / input.blockMs / squareSize) * squareSize;
  const wanted = needed === null ? Infinity : Math.ceil(needed / squareSize) * squareSize;
  const blocks = Math.max(squareSize, Math.min(paid, wanted));
  const satisfied = needed !== null && blocks >= needed;
  const reason = !satisfied ? 'budget' : needed > minimum ? 'precision' : 'minimum';
  return { blocks, reason, needed, resolvable: blocks >= minimum };
}

/** The largest need over the comparisons, at least the minimum; null when one of them cannot tell. */
function neededBlocks(input: FreezeInput): number | null {
  const z = normalQuantile(1 - (1 - input.level) / 2);
  let needed = input.minimum;
  for (const logs of input.pilot) {
    const finite = logs.filter((log) => Number.isFinite(log));
    // A runner that always failed has an exact interval already: more blocks would tell nothing new.
    if (logs.length > 0 && finite.length === 0) continue;
    if (finite.length < 2 || finite.length < logs.length) return null;
    // The half-width of a median's interval is about z·√(π/2)·σ/√n for values that are roughly normal.
    needed = Math.max(needed, Math.ceil((Math.PI / 2) * ((z * spread(finite)) / input.targetHalfWidth) ** 2));
  }
  return needed;
}

/** Standard deviation, freed of the bias that it has with few values: c4(n) ≈ (4n − 4)/(4n − 3). */
function spread(values: readonly number[]): number {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (n - 1)) / ((4 * n - 4) / (4 * n - 3));
}

function requirePositive(what: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new ConfigError('BAD_AMOUNT', `${what} is a positive number, not ${value}`);
  }
}

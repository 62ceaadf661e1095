import type { Bundle } from '../journal/read.ts';
import { ConfigError, UnsupportedError } from '../errors.ts';
import type { Better, Unit } from '../model/metric.ts';
import type { Cell } from '../model/result.ts';
import { levelFor } from '../stats/blocks.ts';
import { type Shift, shiftOf, smallestRankSumP } from '../stats/rank-sum.ts';
import { changes, strangers, type Unlike } from './kinship.ts';
import { deriveResult } from './result.ts';
import { finiteOrNull } from './ratios.ts';
import { type BlockValue, Series } from './series.ts';

/** *regression*: surely worse than allowed. *passed*: surely not. *not-resolved*: the blocks cannot tell. */
export type GateVerdict = 'regression' | 'passed' | 'not-resolved';

export interface Side {
  readonly n: number;
  readonly failures: number;
  readonly median: number | null;
}

/** One cell in two runs. Changes are turned so that above 1 is worse, whichever way the metric is better. */
export interface GateCell {
  readonly key: string;
  readonly runner: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: Better;
  readonly a: Side;
  readonly b: Side;
  /** How many times worse; null where failures leave no ratio. */
  readonly worse: number | null;
  /** One-sided bounds of it; null: none, because of few blocks or of failures. */
  readonly atLeast: number | null;
  readonly atMost: number | null;
  /** The smallest one-sided p that these blocks can give. */
  readonly smallestP: number;
  readonly verdict: GateVerdict;
}

/** What `tare compare --json` prints. */
export interface Gate {
  readonly schema: 'tare-gate-1';
  readonly a: { readonly runId: string; readonly startedAt: string };
  readonly b: { readonly runId: string; readonly startedAt: string };
  /** Whether both sides were started in the same blocks of one session. */
  readonly paired: boolean;
  readonly maxRegression: number;
  /** Of each bound, one-sided: 1 − 0.05/m over the m cells that are gated. */
  readonly level: number;
  readonly verdict: GateVerdict;
  readonly cells: readonly GateCell[];
  /** Cells that only the first run has: nothing is known of them, so that the gate as a whole is not passed. */
  readonly missing: readonly string[];
  /** The same program without a box, and the harness's own cost: where they moved, the sessions themselves differ. Never fails the gate. */
  readonly controls: readonly GateCell[];
  readonly changes: readonly Unlike[];
}

/** No boxes: the program alone, and the harness's own cost. */
export const CONTROLS = ['native', 'null'];

interface Pair {
  readonly cell: Cell;
  readonly other: Cell;
  readonly a: readonly BlockValue[];
  readonly b: readonly BlockValue[];
}

/** A cell whose every block failed has no data, and is the worst there can be. */
export function isMeasured({ status, n, failures }: Cell): boolean {
  return (status === 'assessable' || status === 'no-data') && n + failures > 0;
}

/** Cells that a gate may judge: primary ones, measured in both runs, and never an emulated one. */
function pairsOf(a: Bundle, b: Bundle): readonly Pair[] {
  const [first, second] = [new Series(a.events), new Series(b.events)];
  const others = new Map(deriveResult(b).cells.map((cell) => [cell.key, cell]));
  return deriveResult(a).cells.flatMap((cell) => {
    const other = others.get(cell.key);
    if (!cell.primary || other === undefined || !isMeasured(cell) || !isMeasured(other)) return [];
    // Where one of them has data, it also says whether such data may be judged.
    if (cell.status === 'no-data' && other.status === 'no-data') return [];
    const key = { ...cell, phase: 'measured' } as const;
    return [{ cell, other, a: first.blockValues(key), b: second.blockValues(key) }];
  });
}

/** Logarithms turned so that more is worse; a failure is worse than all. Null where a value has no logarithm. */
function logs(values: readonly BlockValue[], better: Better): readonly number[] | null {
  const found = values.map(({ value }) => {
    if (value === 'failed') return Infinity;
    return better === 'lower' ? Math.log(value) : -Math.log(value);
  });
  return found.some((log) => Number.isNaN(log) || log === -Infinity) ? null : found;
}

export function sideOf({ n, failures, median }: Cell): Side {
  return { n, failures, median };
}

export function judge({ lower, upper }: Shift, maxRegression: number): GateVerdict {
  const allowed = Math.log1p(maxRegression);
  if (lower > allowed) return 'regression';
  return upper <= allowed ? 'passed' : 'not-resolved';
}

function gateCell({ cell, other, a, b }: Pair, level: number, maxRegression: number): GateCell {
  const { key, runner, title, unit, better } = cell;
  const [before, after] = [logs(a, better), logs(b, better)];
  const shift = before && after ? shiftOf(before, after, level) : { estimate: NaN, lower: -Infinity, upper: Infinity };
  return {
    ...{ key, runner, title, unit, better, a: sideOf(cell), b: sideOf(other) },
    worse: finiteOrNull(Math.exp(shift.estimate)),
    atLeast: shift.lower === -Infinity ? null : finiteOrNull(Math.exp(shift.lower)),
    atMost: finiteOrNull(Math.exp(shift.upper)),
    smallestP: smallestRankSumP(a.length, b.length),
    verdict: judge(shift, maxRegression),
  };
}

function missingIn(a: Bundle, b: Bundle): readonly string[] {
  const there = new Set(
    deriveResult(b)
      .cells.filter(isMeasured)
      .map(({ key }) => key),
  );
  return deriveResult(a)
    .cells.filter((cell) => cell.primary && cell.status === 'assessable' && !there.has(cell.key))
    .map(({ key }) => key);
}

export function overall(cells: readonly GateCell[], missing: readonly string[]): GateVerdict {
  if (cells.some(({ verdict }) => verdict === 'regression')) return 'regression';
  return missing.length === 0 && cells.every(({ verdict }) => verdict === 'passed') ? 'passed' : 'not-resolved';
}

/**
 * Whether a second run is worse than a first by more than is allowed. The two are sessions of their own: what differs between
 * sessions is in the difference, and the controls show how much.
 * @param maxRegression a share: 0.05 for 5%.
 * @throws UnsupportedError `NOT_COMPARABLE` for runs of different hosts, images, sizes or accelerators; ConfigError `NO_CELLS`.
 */
export function gateOf(a: Bundle, b: Bundle, maxRegression: number): Gate {
  const unlike = strangers(a.manifest, b.manifest);
  if (unlike.length > 0) {
    throw new UnsupportedError(
      'NOT_COMPARABLE',
      `these runs cannot be compared: ${unlike.map(({ what, a: left, b: right }) => `${what} is ${left} in the first and ${right} in the second`).join('; ')}`,
      { hint: 'measure both on one host, with one image and the same accelerator', details: { unlike } },
    );
  }
  const pairs = pairsOf(a, b);
  const gated = pairs.filter(({ cell }) => !CONTROLS.includes(cell.runner));
  if (gated.length === 0) {
    throw new ConfigError('NO_CELLS', 'the two runs have no primary cell in common that can be assessed', {
      hint: 'run the same experiments with the same runners; emulated cells are never gated',
    });
  }
  const level = levelFor(gated.length);
  const missing = missingIn(a, b);
  const cells = gated.map((pair) => gateCell(pair, level, maxRegression));
  const controls = pairs.filter(({ cell }) => CONTROLS.includes(cell.runner));
  const named = ({ manifest: { runId, startedAt } }: Bundle) => ({ runId, startedAt });
  return {
    schema: 'tare-gate-1',
    ...{
      a: named(a),
      b: named(b),
      paired: false,
      maxRegression,
      level,
      verdict: overall(cells, missing),
      cells,
      missing,
    },
    controls: controls.map((pair) => gateCell(pair, level, maxRegression)),
    changes: changes(a.manifest, b.manifest),
  };
}

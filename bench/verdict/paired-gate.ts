import type { Bundle } from '../journal/read.ts';
import { ConfigError } from '../errors.ts';
import type { ManifestRunner, PlannedExperiment } from '../model/manifest.ts';
import type { Better } from '../model/metric.ts';
import type { Cell } from '../model/result.ts';
import { levelFor } from '../stats/blocks.ts';
import { extendedMedian } from '../stats/quantile.ts';
import { signInterval } from '../stats/sign-interval.ts';
import { CONTROLS, type Gate, type GateCell, isMeasured, judge, overall, sideOf } from './gate.ts';
import { finiteOrNull } from './ratios.ts';
import { deriveResult } from './result.ts';
import { type BlockValue, Series } from './series.ts';

/** Two configurations in the blocks of one session: what the session does to one of them it does to the other. */

interface Pair {
  readonly baseline: Cell;
  readonly cell: Cell;
  readonly before: readonly BlockValue[];
  readonly after: readonly BlockValue[];
}

function pairsOf({ manifest, events }: Bundle): readonly Pair[] {
  const series = new Series(events);
  const cells = new Map(deriveResult({ manifest, events }).cells.map((cell) => [cell.key, cell]));
  const metrics = manifest.experiments.flatMap(({ id, workload, metrics: all }: PlannedExperiment) =>
    all.filter(({ primary }) => primary).map((metric) => ({ experiment: id, workload, metric: metric.id })),
  );
  return manifest.runners.flatMap(({ as, baselineOf }: ManifestRunner) =>
    metrics.flatMap(({ experiment, workload, metric }) => {
      const cellAt = (runner: string) => cells.get([runner, experiment, workload, metric].join('/'));
      const [baseline, cell] = [cellAt(as), baselineOf === undefined ? undefined : cellAt(baselineOf)];
      if (!baseline || !cell || !isMeasured(baseline) || !isMeasured(cell)) return [];
      if (baseline.status === 'no-data' && cell.status === 'no-data') return [];
      const valuesOf = ({ runner }: Cell) =>
        series.blockValues({ experiment, workload, metric, runner, phase: 'measured' });
      return [{ baseline, cell, before: valuesOf(baseline), after: valuesOf(cell) }];
    }),
  );
}

/**
 * Block by block how much worse, as a logarithm; none at all where a value has no logarithm. A block without a value of the baseline
 * says nothing; a failure is worse than all.
 */
function worseLogs({ before, after }: Pair, better: Better): readonly number[] {
  if ([...before, ...after].some(({ value }) => value !== 'failed' && value <= 0)) return [];
  const then = new Map(after.map(({ block, value }) => [block, value]));
  return before.flatMap(({ block, value }) => {
    const now = then.get(block);
    if (value === 'failed' || now === undefined) return [];
    if (now === 'failed') return [Infinity];
    return [better === 'lower' ? Math.log(now / value) : Math.log(value / now)];
  });
}

function gateCell(pair: Pair, level: number, maxRegression: number): GateCell {
  const { baseline, cell } = pair;
  const { key, runner, title, unit, better } = cell;
  const logs = worseLogs(pair, better);
  // Each of the two bounds is one-sided: together they leave out twice as much.
  const interval = signInterval(logs, 2 * level - 1);
  const [lower, upper] = interval ? [interval.lo, interval.hi] : [-Infinity, Infinity];
  const worse = logs.length === 0 ? Number.NaN : extendedMedian(logs);
  return {
    ...{ key, runner, title, unit, better, a: sideOf(baseline), b: sideOf(cell) },
    worse: finiteOrNull(Math.exp(worse)),
    atLeast: lower === -Infinity ? null : finiteOrNull(Math.exp(lower)),
    atMost: finiteOrNull(Math.exp(upper)),
    smallestP: 2 ** -logs.length,
    verdict: judge({ estimate: worse, lower, upper }, maxRegression),
  };
}

/** What a run's own baseline says of its configuration; null for a run without one, and where nothing can be assessed on both sides. */
export function ownGate(bundle: Bundle): Gate | null {
  const { baseline, runId, startedAt } = bundle.manifest;
  if (!baseline) return null;
  const { maxRegression, source } = baseline;
  const pairs = pairsOf(bundle);
  const isControl = ({ cell }: Pair) => CONTROLS.includes(cell.runner);
  const gated = pairs.filter((pair) => !isControl(pair));
  if (gated.length === 0) return null;
  const level = levelFor(gated.length);
  const cells = gated.map((pair) => gateCell(pair, level, maxRegression));
  return {
    schema: 'tare-gate-1',
    ...{ a: { runId: source, startedAt }, b: { runId, startedAt }, paired: true },
    ...{ maxRegression, level, verdict: overall(cells, []), cells, missing: [] },
    controls: pairs.filter(isControl).map((pair) => gateCell(pair, level, maxRegression)),
    changes: [],
  };
}

/**
 * Whether the configuration of a run is worse than its baseline by more than is allowed.
 * @throws ConfigError `NO_BASELINE` for a run without one, `NO_CELLS` where nothing can be assessed.
 */
export function pairedGateOf(bundle: Bundle): Gate {
  const { baseline, runId } = bundle.manifest;
  if (!baseline) {
    throw new ConfigError('NO_BASELINE', `run ${runId} has no baseline of its own`, {
      hint: 'compare it with a second bundle, or measure with "tare run --against"',
    });
  }
  const gate = ownGate(bundle);
  if (gate === null) {
    throw new ConfigError('NO_CELLS', 'no primary cell of this run can be assessed on both sides', {
      hint: 'emulated cells are never gated',
    });
  }
  return gate;
}

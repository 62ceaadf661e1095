import type { Manifest, ManifestRunner, PlannedExperiment } from '../model/manifest.ts';
import type { CalibrationRate } from '../model/result.ts';
import { median } from '../stats/quantile.ts';
import { pairedRatio } from '../stats/ratio.ts';
import { shareInterval } from '../stats/share.ts';
import type { BlockValue, Series } from './series.ts';

/** How often comparisons of a runner with itself claim a difference: rightly, where one was injected, or wrongly. */

/** Of each comparison, and of the interval of the rate. */
const LEVEL = 0.95;

const ARM = /^ready-(?<arm>a|b|\d+)$/;

interface Gates {
  readonly gates: number;
  readonly slower: number;
  readonly faster: number;
}

/** Comparisons of whole sets of blocks, one after the other; what is left of the last set is not looked at. */
function gatesOf(base: readonly BlockValue[], other: readonly BlockValue[], gateBlocks: number): Gates {
  const values = new Map(other.map(({ block, value }) => [block, value]));
  const gates = Math.floor(base.length / gateBlocks);
  const sides = Array.from({ length: gates }, (_, gate) => {
    const blocks = base.slice(gate * gateBlocks, (gate + 1) * gateBlocks);
    const pairs = blocks.map(({ block, value }) => ({ block, native: value, runner: values.get(block) ?? null }));
    const { ci } = pairedRatio(pairs, 'lower', LEVEL);
    if (!ci) return 'unresolved';
    return ci[0] > 1 ? 'slower' : ci[1] < 1 ? 'faster' : 'unresolved';
  });
  const count = (wanted: string) => sides.filter((side) => side === wanted).length;
  return { gates, slower: count('slower'), faster: count('faster') };
}

/** The median share of a start of the first arm that was really injected; undefined where either was never read. */
function injectedShare(injected: readonly BlockValue[], base: readonly BlockValue[]): number | undefined {
  const numbers = (values: readonly BlockValue[]) => values.flatMap(({ value }) => (value === 'failed' ? [] : [value]));
  const [extra, whole] = [numbers(injected), numbers(base)];
  return extra.length === 0 || whole.length === 0 ? undefined : median(extra) / median(whole);
}

function ratesOf(series: Series, runner: ManifestRunner, experiment: PlannedExperiment): readonly CalibrationRate[] {
  const { gateBlocks, id, workload, metrics } = experiment;
  if (gateBlocks === undefined || runner.capabilities.accelerator === 'tcg') return [];
  const valuesOf = (metric: string) =>
    series.blockValues({ experiment: id, workload, runner: runner.as, metric, phase: 'measured' });
  const arms = metrics.flatMap((metric) => ARM.exec(metric.id)?.groups?.['arm'] ?? []);
  const [first = '', ...others] = arms;
  const base = valuesOf(`ready-${first}`);
  return others.flatMap((arm) => {
    const { gates, slower, faster } = gatesOf(base, valuesOf(`ready-${arm}`), gateBlocks);
    if (gates === 0) return [];
    const injected = id === 'inject' ? injectedShare(valuesOf(`injected-${arm}`), base) : null;
    // Of what size it was is not known: nothing can be said of finding it.
    if (injected === undefined) return [];
    // Where something was injected, only its own direction is a find.
    const claimed = injected === null ? slower + faster : slower;
    const [lo, hi] = shareInterval(claimed, gates, LEVEL);
    return [
      {
        ...{ experiment: id, workload, runner: runner.as, arm, injected, gateBlocks, gates, claimed },
        ...{ wrong: injected === null ? claimed : faster, ci: { lo, hi, level: LEVEL } },
      },
    ];
  });
}

/** Every such rate of a run; none where it measured none. */
export function calibrationOf(manifest: Manifest, series: Series): readonly CalibrationRate[] {
  return manifest.runners.flatMap((runner) =>
    manifest.experiments.flatMap((experiment) => ratesOf(series, runner, experiment)),
  );
}

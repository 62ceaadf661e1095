import type { Config } from '../config/schema.ts';
import type { Experiment } from '../model/experiment.ts';
import type { JournalEvent } from '../model/journal.ts';
import type { FrozenBlocks } from '../model/manifest.ts';
import { NATIVE } from '../plan.ts';
import { freezeBlocks, minimumBlocksForLevel } from '../stats/blocks.ts';
import { isCompared } from '../model/metric.ts';
import { Series } from '../verdict/series.ts';
import type { ActiveRunner } from './active.ts';

export interface FreezeContext {
  readonly experiment: Experiment;
  /** Runners that take their turn in every block. */
  readonly active: readonly ActiveRunner[];
  readonly config: Config;
  readonly level: number;
  readonly events: readonly JournalEvent[];
  /** What the pilot took in all. */
  readonly pilotMs: number;
  /** What this experiment may take in all. */
  readonly budgetMs: number;
}

/** ln(runner/native) of each pilot block, ±Infinity for a failure; blocks without native have none. */
function pilotLogs(series: Series, experiment: Experiment, runner: string, metric: string): readonly number[] {
  const key = { experiment: experiment.id, workload: experiment.workload.id, metric, phase: 'pilot' } as const;
  const native = new Map(series.blockValues({ ...key, runner: NATIVE }).map(({ block, value }) => [block, value]));
  return series.blockValues({ ...key, runner }).flatMap(({ block, value }) => {
    const base = native.get(block);
    if (typeof base !== 'number') return [];
    return [value === 'failed' ? Infinity : Math.log(value / base)];
  });
}

function primaryLogs(context: FreezeContext): readonly (readonly number[])[] {
  const { experiment, active, events } = context;
  const series = new Series(events);
  const primary = experiment.metrics.filter((metric) => metric.primary);
  const compared = primary.length > 0 ? primary : experiment.metrics.filter(isCompared);
  return active
    .filter(({ support }) => support.as !== NATIVE && support.capabilities.accelerator !== 'tcg')
    .flatMap(({ support }) => compared.map((metric) => pilotLogs(series, experiment, support.as, metric.id)));
}

/**
 * Fixes the number of measured blocks: what the profile fixes, or what the pilot says. Without a pilot it is the profile's
 * upper bound. Never looks at anything but the pilot.
 */
export function freeze(context: FreezeContext): FrozenBlocks {
  const { experiment, active, config } = context;
  const squareSize = active.length;
  if (experiment.fixedBlocks !== null) return { blocks: experiment.fixedBlocks, reason: 'profile', needed: null };
  if (experiment.pilotBlocks === 0) return { blocks: config.maxBlocks, reason: 'profile', needed: null };
  const { blocks, reason, needed } = freezeBlocks({
    pilot: primaryLogs(context),
    targetHalfWidth: config.targetHalfWidth,
    level: context.level,
    blockMs: context.pilotMs / experiment.pilotBlocks,
    budgetMs: Math.max(0, context.budgetMs - context.pilotMs),
    squareSize,
    minimum: minimumBlocksForLevel(context.level),
  });
  const bound = Math.max(squareSize, Math.floor(config.maxBlocks / squareSize) * squareSize);
  return { blocks: Math.min(blocks, bound), reason: blocks > bound ? 'profile' : reason, needed };
}

/**
 * What is left of a number of blocks that the profile fixed, once the first block has shown what one costs: as many as the
 * time pays for. Looks at the clock alone, never at a value.
 */
export function cutToBudget(blocks: number, firstBlockMs: number, leftMs: number): number {
  return Math.max(1, Math.min(blocks, 1 + Math.floor(Math.max(0, leftMs) / Math.max(1, firstBlockMs))));
}

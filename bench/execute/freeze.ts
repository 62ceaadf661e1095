import type { Config } from '../config/schema.ts';
import type { Experiment } from '../model/experiment.ts';
import type { JournalEvent } from '../model/journal.ts';
import type { FrozenBlocks } from '../model/manifest.ts';
import { NATIVE } from '../plan.ts';
import { freezeBlocks, minimumBlocksForLevel } from '../stats/blocks.ts';
import { blockValues } from '../verdict/series.ts';
import type { ActiveRunner } from './active.ts';

export interface FreezeContext {
  readonly experiment: Experiment;
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
function pilotLogs(context: FreezeContext, runner: string, metric: string): readonly number[] {
  const key = { experiment: context.experiment.id, metric, phase: 'pilot' } as const;
  const native = new Map(
    blockValues(context.events, { ...key, runner: NATIVE }).map(({ block, value }) => [block, value]),
  );
  return blockValues(context.events, { ...key, runner }).flatMap(({ block, value }) => {
    const base = native.get(block);
    if (typeof base !== 'number') return [];
    return [value === 'failed' ? Infinity : Math.log(value / base)];
  });
}

function primaryLogs(context: FreezeContext): readonly (readonly number[])[] {
  const primary = context.experiment.metrics.filter((metric) => metric.primary);
  return context.active
    .filter(({ support }) => support.as !== NATIVE && support.capabilities.accelerator !== 'tcg')
    .flatMap(({ support }) => primary.map((metric) => pilotLogs(context, support.as, metric.id)));
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

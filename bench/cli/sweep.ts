import { join } from 'node:path';
import { codeOf, messageOf } from '../errors.ts';
import type { OwnerFilter, ResourceRef } from '../model/owner.ts';
import type { SweepContext } from '../model/runner.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { sweepHost } from '../../runners/shared/sweep.ts';

export interface SweepReport {
  readonly found: readonly ResourceRef[];
  /** What could not be swept, in words. */
  readonly problems: readonly string[];
}

/** Every runner's sweep and then the host's own; one that fails does not keep the others from cleaning. */
export async function sweepEverything(owner: OwnerFilter, context: SweepContext): Promise<SweepReport> {
  const found: ResourceRef[] = [];
  const problems: string[] = [];
  const sweeps = [...RUNNERS.map((runner) => () => runner.sweep(owner, context)), () => sweepHost(owner, context)];
  for (const sweep of sweeps) {
    try {
      found.push(...(await sweep()));
    } catch (error) {
      // A runtime that is not installed or not running holds nothing of ours.
      if (!['TOOL_MISSING', 'SERVICE_DOWN'].includes(codeOf(error))) problems.push(messageOf(error));
    }
  }
  const unique = new Map(found.map((ref) => [`${ref.kind} ${ref.id}`, ref]));
  return { found: [...unique.values()], problems };
}

/** The run's scratch folder. */
export function runFolder(stateDir: string, tag: string): string {
  return join(stateDir, 'runs', tag);
}

import { join } from 'node:path';
import { CleanupError, codeOf, messageOf } from '../errors.ts';
import { restore, tunedBy, tunedRuns } from '../host/tuning.ts';
import type { OwnerFilter, ResourceRef } from '../model/owner.ts';
import type { SweepContext } from '../model/runner.ts';
import { registeredOwners } from '../proc/owner.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { sweepHost } from '../../runners/shared/sweep.ts';
import { loadOwnRunner } from './own-runner.ts';

/** Settings of the host that matching runs have changed; they go back before the folder with their record does. */
async function sweepSettings(owner: OwnerFilter, { stateDir, dryRun }: SweepContext): Promise<readonly ResourceRef[]> {
  const runs = tunedRuns(stateDir).filter(({ tag }) => owner.matches(tag));
  const found = runs.flatMap(({ folder, tag }) =>
    tunedBy(folder).map(({ path }): ResourceRef => ({ kind: 'setting', id: path, tag })),
  );
  const stuck = dryRun ? [] : runs.flatMap(({ folder }) => restore(folder));
  if (stuck.length === 0) return found;
  const hints = stuck.map(({ path, before }) => `echo ${before} > ${path}`);
  throw new CleanupError('SETTING_STAYS', `${stuck.map(({ path }) => path).join(', ')} cannot be put back`, {
    hint: hints.join('; '),
  });
}

export interface SweepReport {
  readonly found: readonly ResourceRef[];
  /** What could not be swept, in words. */
  readonly problems: readonly string[];
}

/** Runners that are not tare's own and were used by matching runs. */
function modulesOf(owner: OwnerFilter, stateDir: string): readonly string[] {
  const matching = registeredOwners(stateDir).filter(({ tag }) => owner.matches(tag));
  return [...new Set(matching.flatMap(({ modules }) => modules))];
}

/** Every runner's sweep and then the host's own; one that fails does not keep the others from cleaning. */
export async function sweepEverything(owner: OwnerFilter, context: SweepContext): Promise<SweepReport> {
  const found: ResourceRef[] = [];
  const problems: string[] = [];
  const sweeps = [
    () => sweepSettings(owner, context),
    ...RUNNERS.map((runner) => () => runner.sweep(owner, context)),
    ...modulesOf(owner, context.stateDir).map((file) => async () => {
      const { runner } = await loadOwnRunner({ use: file });
      return runner.sweep(owner, context);
    }),
    () => sweepHost(owner, context),
  ];
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

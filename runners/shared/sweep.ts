import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CleanupError, codeOf, messageOf } from '../../bench/errors.ts';
import type { OwnerFilter, ResourceRef } from '../../bench/model/owner.ts';
import type { SweepContext } from '../../bench/model/runner.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { inParallel } from '../../bench/proc/parallel.ts';
import { removeLink } from './bridge.ts';
import { ownedCgroups, removeCgroup } from './cgroups.ts';
import { mountsBelow, unmount } from './mounts.ts';
import { ownedLinks, ownedNetns, removeNetns } from './netns.ts';
import { ownedRules, removeRule } from './packet-filter.ts';
import { killUntilGone, ownedProcesses } from './processes.ts';

/** One kind of thing on the host: finds what matches, removes it unless it is only asked, and says what it was. */
export type Sweep = (owner: OwnerFilter, context: SweepContext) => Promise<readonly ResourceRef[]>;

const TAG = /^[0-9a-f]{6}$/;

/** Scratch folders of matching runs that are there. */
export function runFolders(
  stateDir: string,
  owner: OwnerFilter,
): readonly { readonly path: string; readonly tag: string }[] {
  try {
    return readdirSync(join(stateDir, 'runs'))
      .filter((tag) => TAG.test(tag) && owner.matches(tag))
      .map((tag) => ({ path: join(stateDir, 'runs', tag), tag }));
  } catch {
    return [];
  }
}

/** A dead ramp may leave a thousand of a kind: removing one is mostly waiting. */
const SWEEPS = 8;

/** Removes each, several at a time, unless nothing is to be removed. */
export async function sweepEach(
  found: readonly ResourceRef[],
  context: SweepContext,
  remove: (id: string) => Promise<unknown>,
  concurrency = SWEEPS,
): Promise<readonly ResourceRef[]> {
  if (!context.dryRun) {
    await inParallel(found, concurrency, async ({ id }) => {
      await remove(id);
    });
  }
  return found;
}

/** Kills every process that carries a matching owner's variable; never this process or those it descends from. */
export const sweepProcesses: Sweep = async (owner, context) => {
  const found = ownedProcesses(owner);
  if (!context.dryRun && found.length > 0 && !(await killUntilGone(() => ownedProcesses(owner)))) {
    const pids = ownedProcesses(owner).map(({ pid }) => pid);
    throw new CleanupError('PROCESS_STAYS', `processes could not be killed: ${pids.join(', ')}`);
  }
  return found.map(({ pid, tag }) => ({ kind: 'process', id: String(pid), tag }));
};

/** Unmounts what is mounted below matching runs' folders. */
export const sweepMounts: Sweep = async (owner, context) => {
  const found = runFolders(context.stateDir, owner).flatMap(({ path, tag }) =>
    mountsBelow(path).map((id) => ({ kind: 'mount', id, tag }) as const),
  );
  // In their order: one may lie on another.
  return sweepEach(found, context, unmount, 1);
};

/** Removes bridges and links by their names. */
export const sweepLinks: Sweep = async (owner, context) => {
  const found = (await ownedLinks(owner)).map(({ name, tag }) => ({ kind: 'link', id: name, tag }) as const);
  return sweepEach(found, context, removeLink);
};

/** Removes rules of the packet filter by their comments. */
export const sweepRules: Sweep = async (owner, context) => {
  const rules = await ownedRules(owner);
  if (!context.dryRun) for (const rule of rules) await removeRule(rule);
  return rules.map(({ bridge, tag }) => ({ kind: 'rule', id: bridge, tag }));
};

/** Removes network namespaces by their names. */
export const sweepNetns: Sweep = async (owner, context) => {
  const found = ownedNetns(owner).map(({ name, tag }) => ({ kind: 'netns', id: name, tag }) as const);
  return sweepEach(found, context, removeNetns);
};

/** Removes cgroups by their names, in every hierarchy, with what still runs in them. */
export const sweepCgroups: Sweep = async (owner, context) => {
  const found = ownedCgroups(owner).map(({ path, tag }) => ({ kind: 'cgroup', id: path, tag }) as const);
  return sweepEach(found, context, removeCgroup);
};

/** Removes runs' scratch folders, and never anything that is still mounted below one. */
export const sweepRunFolders: Sweep = async (owner, context) => {
  const found = runFolders(context.stateDir, owner).map(
    ({ path, tag }) => ({ kind: 'folder', id: path, tag }) as const,
  );
  return sweepEach(found, context, removeFolder);
};

/**
 * Carries out all, in order, even where one fails.
 * @throws the failure itself where all have the same code; otherwise CleanupError with every one of them.
 */
export async function sweepAll(
  sweeps: readonly Sweep[],
  owner: OwnerFilter,
  context: SweepContext,
): Promise<readonly ResourceRef[]> {
  const found: ResourceRef[] = [];
  const problems: unknown[] = [];
  for (const sweep of sweeps) {
    try {
      found.push(...(await sweep(owner, context)));
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length === 0) return found;
  // What all failed for, e.g. an engine that does not run, is for the caller to judge.
  if (new Set(problems.map(codeOf)).size === 1) throw problems[0];
  throw new CleanupError('CLEANUP', problems.map(messageOf).join('; '), { cause: problems[0] });
}

/**
 * What belongs to no single runner: processes, mounts, links, rules of the packet filter, network namespaces, cgroups and
 * scratch folders of matching owners. To be called after the runners' own sweeps. Idempotent; two at once are fine.
 * @throws CleanupError where something stays; everything else is removed nevertheless.
 */
export const sweepHost: Sweep = (owner, context) =>
  sweepAll(
    [sweepProcesses, sweepMounts, sweepRules, sweepLinks, sweepNetns, sweepCgroups, sweepRunFolders],
    owner,
    context,
  );

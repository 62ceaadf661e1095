import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Owner, OwnerFilter } from '../model/owner.ts';

const TAG = /^[0-9a-f]{6}$/;
const ownerSchema = z.object({
  runId: z.string(),
  tag: z.string().regex(TAG),
  pid: z.number().int(),
  startTime: z.string(),
  bootId: z.string(),
  modules: z.array(z.string()).default([]),
});

/** Every name that tare gives to something on the host begins so; the tag follows. */
export const NAME_PREFIX = 'tare-';

/** The name on the host of a run's resource: `tare-<tag>` or `tare-<tag>-<suffix>`. */
export function ownedName(tag: string, suffix = ''): string {
  return `${NAME_PREFIX}${tag}${suffix === '' ? '' : `-${suffix}`}`;
}

/** The tag inside such a name; undefined where the name is none of ours. */
export function tagOf(name: string): string | undefined {
  return /^tare-([0-9a-f]{6})(?:-|$)/.exec(name)?.[1];
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Field 22 of /proc/PID/stat; undefined for a process that is gone. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function registry(stateDir: string): string {
  return join(stateDir, 'owners');
}

/** This process as the owner of a new run; nobody knows of it before it is registered. */
export function newOwner(now: Date): Owner {
  const tag = randomBytes(3).toString('hex');
  const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return {
    runId: `${stamp}-${tag}`,
    tag,
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
  };
}

/** An owner as others know it. */
export interface RegisteredOwner extends Owner {
  /** Absolute paths of the modules of runners that are not tare's own. */
  readonly modules: readonly string[];
}

/** Lets others tell whose things carry the tag, whether their owner lives, and whose sweeps clean after it. */
export function registerOwner(stateDir: string, owner: Owner, modules: readonly string[] = []): void {
  mkdirSync(registry(stateDir), { recursive: true, mode: 0o755 });
  writeFileSync(join(registry(stateDir), `${owner.tag}.json`), `${JSON.stringify({ ...owner, modules })}\n`, {
    flag: 'wx',
  });
}

/** Forgets a run of which nothing is left; one that is not registered is fine. */
export function forgetOwner(stateDir: string, tag: string): void {
  rmSync(join(registry(stateDir), `${tag}.json`), { force: true });
}

/** Every registered owner; an unreadable entry counts as none. */
export function registeredOwners(stateDir: string): readonly RegisteredOwner[] {
  let names: string[];
  try {
    names = readdirSync(registry(stateDir));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [ownerSchema.parse(JSON.parse(readFileSync(join(registry(stateDir), name), 'utf8')))];
    } catch {
      return [];
    }
  });
}

/** Whether the owner's very process still runs on this boot. */
export function isAlive(owner: Owner): boolean {
  return owner.bootId === bootId() && startTimeOf(owner.pid) === owner.startTime;
}

/** Matches one run. */
export function onlyRun(tag: string): OwnerFilter {
  return { matches: (other) => other === tag };
}

/** Matches registered runs whose owner is dead; a tag that nobody registered here is not ours to judge. */
export function deadOwners(stateDir: string): OwnerFilter {
  const dead = new Set(
    registeredOwners(stateDir)
      .filter((owner) => !isAlive(owner))
      .map((owner) => owner.tag),
  );
  return { matches: (tag) => dead.has(tag) };
}

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../proc/replace-file.ts';
import type { TunedSetting } from '../model/manifest.ts';
import { chosen } from './facts.ts';
import { namesIn, readText } from './files.ts';

/**
 * Settings of the host that make numbers steadier, changed only where the user asks for it (`--tune`). What stood there before is on
 * disk before anything is written, so that whoever comes after a killed run can put it back.
 */

const CPU = '/sys/devices/system/cpu';
const RECORD = 'tuned.json';

interface Wish {
  readonly path: string;
  readonly value: string;
}

/** What `--tune` would set, where the host has it. Turbo is one switch or the other. */
function wishes(root: string): readonly Wish[] {
  const policies = namesIn(`${root}${CPU}/cpufreq`).filter((name) => name.startsWith('policy'));
  return [
    ...policies.map((name) => ({ path: `${CPU}/cpufreq/${name}/scaling_governor`, value: 'performance' })),
    { path: `${CPU}/intel_pstate/no_turbo`, value: '1' },
    { path: `${CPU}/cpufreq/boost`, value: '0' },
    { path: '/sys/kernel/mm/transparent_hugepage/enabled', value: 'madvise' },
    // Not 2: that would undo what others have merged, and use their memory.
    { path: '/sys/kernel/mm/ksm/run', value: '0' },
    { path: '/proc/sys/vm/swappiness', value: '1' },
  ];
}

/** A file with choices marks the one that holds: `always [madvise] never`. */
function settingOf(path: string): string | null {
  const text = readText(path)?.trim();
  return text === undefined ? null : (chosen(text) ?? text);
}

/** What `--tune` would change here: settings that are there and stand otherwise. Pure but for reading. @param root where the host's / is. */
export function tuningOf(root = ''): readonly TunedSetting[] {
  return wishes(root).flatMap(({ path, value }) => {
    const before = settingOf(root + path);
    return before === null || before === value ? [] : [{ path, before, during: value }];
  });
}

const recordSchema = z.array(z.strictObject({ path: z.string(), before: z.string(), during: z.string() }));

/** Writes one setting; false where the host refuses. */
function set(path: string, value: string): boolean {
  try {
    writeFileSync(path, value);
    return settingOf(path) === value;
  } catch {
    return false;
  }
}

/**
 * Tunes the host until it is restored.
 * @param folder the run's scratch folder, where the record lies.
 * @returns what was really changed; what the host refused is not in it.
 */
export function tune(folder: string, root = ''): readonly TunedSetting[] {
  const wanted = tuningOf(root);
  replaceFile(join(folder, RECORD), JSON.stringify(wanted));
  const changed = wanted.filter(({ path, before, during }) => {
    if (set(root + path, during)) return true;
    // What the host took otherwise than asked goes back at once: the record could not tell it from somebody else's.
    set(root + path, before);
    return false;
  });
  replaceFile(join(folder, RECORD), JSON.stringify(changed));
  return changed;
}

/** What a folder's record says was changed and still stands so: what somebody else has set since is theirs. */
export function tunedBy(folder: string, root = ''): readonly TunedSetting[] {
  const text = readText(join(folder, RECORD));
  if (text === null) return [];
  return recordSchema.parse(JSON.parse(text)).filter(({ path, during }) => settingOf(root + path) === during);
}

/** Puts back what the record says; the record goes last. @returns settings that would not go back. */
export function restore(folder: string, root = ''): readonly TunedSetting[] {
  const stuck = tunedBy(folder, root).filter(({ path, before }) => !set(root + path, before));
  if (stuck.length === 0) rmSync(join(folder, RECORD), { force: true });
  return stuck;
}

/** Scratch folders below `runs` that have such a record, by their tag. */
export function tunedRuns(stateDir: string): readonly { readonly folder: string; readonly tag: string }[] {
  const runs = join(stateDir, 'runs');
  try {
    return readdirSync(runs)
      .map((tag) => ({ folder: join(runs, tag), tag }))
      .filter(({ folder }) => readText(join(folder, RECORD)) !== null);
  } catch {
    return [];
  }
}

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hierarchies } from '../../runners/shared/cgroups.ts';

/** A memory cgroup of a test's own, below the top one. */
export interface LimitedCgroup {
  /** argv that runs another inside. */
  readonly wrap: (argv: readonly string[]) => readonly string[];
  readonly limitBytes: number;
  readonly mostBytes: () => number;
  /** How many processes in it the kernel has killed for want of memory. */
  readonly oomKills: () => number;
  readonly pids: () => readonly string[];
  /** Fails while a process is in it. */
  readonly remove: () => void;
}

const FILES = {
  1: { limit: 'memory.limit_in_bytes', most: 'memory.max_usage_in_bytes', events: 'memory.oom_control' },
  2: { limit: 'memory.max', most: 'memory.peak', events: 'memory.events' },
} as const;

export function limitedCgroup(name: string, limitBytes: number): LimitedCgroup {
  const hierarchy = hierarchies().find(({ controllers }) => controllers.includes('memory'));
  if (!hierarchy) throw new Error('no memory controller is mounted');
  const { mountPoint, version } = hierarchy;
  const folder = join(mountPoint, name);
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const files = FILES[version];
  if (version === 2) writeFileSync(join(mountPoint, 'cgroup.subtree_control'), '+memory');
  mkdirSync(folder);
  writeFileSync(join(folder, files.limit), String(limitBytes));
  return {
    wrap: (argv) => ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs'), ...argv],
    limitBytes,
    mostBytes: () => Number(read(files.most)),
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read(files.events))?.[1]),
    pids: () =>
      read('cgroup.procs')
        .split('\n')
        .filter((line) => line !== ''),
    remove: () => rmdirSync(folder),
  };
}

import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';

/** More than any kernel can be built for: a longer list is a mistake. */
const MOST_CPUS = 65_536;

/** `0-3,8` → [0, 1, 2, 3, 8]; the kernel's list format. @throws ConfigError `BAD_CPU_LIST`. */
export function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined || Number(last) < Number(first) || Number(last) >= MOST_CPUS) {
        throw new ConfigError('BAD_CPU_LIST', `"${text.trim()}" is no list of CPUs`, {
          hint: 'a list is like 0-3,8: numbers and ranges, joined by commas',
        });
      }
      const from = Number(first);
      return Array.from({ length: Number(last) - from + 1 }, (_, offset) => from + offset);
    });
}

/** [0, 1, 2, 3, 8] → `0-3,8`; what `parseCpuList` reads. */
export function formatCpuList(cpus: readonly number[]): string {
  const sorted = [...new Set(cpus)].toSorted((a, b) => a - b);
  const starts = sorted.filter((cpu) => !sorted.includes(cpu - 1));
  const ends = sorted.filter((cpu) => !sorted.includes(cpu + 1));
  return starts.map((start, index) => (start === ends[index] ? String(start) : `${start}-${ends[index]}`)).join();
}

/** CPUs that this process may use, offline ones among them. */
export function allowedCpus(status = readFileSync('/proc/self/status', 'utf8')): readonly number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status) ?? [];
  return parseCpuList(list);
}

/** The allowed CPUs in sets of one instance's size, for instances that are not timed; at least one set. */
export function spreadOf(size: number, allowed: readonly number[]): readonly (readonly number[])[] {
  const sets = Array.from({ length: Math.floor(allowed.length / size) }, (_, at) =>
    allowed.slice(at * size, (at + 1) * size),
  );
  return sets.length > 0 ? sets : [allowed];
}

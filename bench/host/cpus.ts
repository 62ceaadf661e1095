import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';

/** `0-3,8` → [0, 1, 2, 3, 8]; the kernel's list format. @throws ConfigError `BAD_CPU_LIST`. */
export function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined) throw new ConfigError('BAD_CPU_LIST', `"${text.trim()}" is no list of CPUs`);
      const from = Number(first);
      const to = last === undefined ? from : Number(last);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, offset) => from + offset);
    });
}

/** CPUs that this process may use. */
export function allowedCpus(status = readFileSync('/proc/self/status', 'utf8')): readonly number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status) ?? [];
  return parseCpuList(list);
}

/**
 * The CPUs of every instance: the ones named, or the last `count` allowed ones, which leaves the first, where interrupts and
 * tare itself mostly run, to the host.
 * @throws ConfigError `NO_SUCH_CPU`, `TOO_FEW_CPUS`.
 */
export function chooseCpus(wanted: number | readonly number[], allowed = allowedCpus()): readonly number[] {
  if (typeof wanted !== 'number') {
    const missing = wanted.filter((cpu) => !allowed.includes(cpu));
    if (missing.length === 0) return [...new Set(wanted)].toSorted((a, b) => a - b);
    throw new ConfigError('NO_SUCH_CPU', `CPU ${missing.join(', ')} cannot be used here`, {
      hint: `allowed: ${allowed.join(', ')}`,
    });
  }
  if (wanted <= allowed.length) return allowed.slice(allowed.length - wanted);
  throw new ConfigError('TOO_FEW_CPUS', `${wanted} CPUs were asked for, ${allowed.length} can be used here`, {
    hint: 'set instance.cpus lower',
  });
}

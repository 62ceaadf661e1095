import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ResourceError } from '../bench/errors.ts';
import { startTimeOf } from '../bench/proc/owner.ts';

/** What /proc/PID/stat counts in. */
const NS_PER_TICK = 10_000_000;

/** One thread of a QEMU process. */
export interface QemuThread {
  readonly id: number;
  readonly name: string;
  /** CPUs that it may run on. */
  readonly cpus: readonly number[];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** `0-3,8` → [0, 1, 2, 3, 8]; the kernel's own list, so its form is certain. */
function cpuList(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/** Where whoever runs a guest says which process it is. */
export interface ProcessFiles {
  readonly pidFile: string;
  /** Stays for as long as its manager has not finished with the guest. Default: only the process counts. */
  readonly statusFile?: string;
}

/** The process behind a running guest. */
export class QemuProcess {
  readonly pid: number;
  readonly #startTime: string;
  readonly #statusFile: string | undefined;

  /**
   * @param guest its name, for the message; it must have been started.
   * @throws ResourceError `DOMAIN_GONE`.
   */
  constructor(guest: string, { pidFile, statusFile }: ProcessFiles) {
    this.pid = Number(readText(pidFile) ?? Number.NaN);
    this.#startTime = startTimeOf(this.pid) ?? '';
    this.#statusFile = statusFile;
    if (this.#startTime === '') throw new ResourceError('DOMAIN_GONE', `the domain ${guest} is not running`);
  }

  /** Whether the very process is still there; one that only waits to be reaped is gone. */
  get isAlive(): boolean {
    const stat = readText(`/proc/${this.pid}/stat`);
    if (stat === undefined) return false;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[19] === this.#startTime && fields[0] !== 'Z' && fields[0] !== 'X';
  }

  /** Whether the process is gone and its manager has finished with it. */
  get isGone(): boolean {
    return !this.isAlive && (this.#statusFile === undefined || !existsSync(this.#statusFile));
  }

  /** The arguments that it really runs with; none once it is gone. */
  get arguments(): readonly string[] {
    return (readText(`/proc/${this.pid}/cmdline`) ?? '').split('\0').slice(0, -1);
  }

  /** Its threads now; those of vCPUs are called `CPU <n>/KVM` or `CPU <n>/TCG`. */
  threads(): readonly QemuThread[] {
    return this.#tasks().flatMap((task) => {
      const [, cpus] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(join(task, 'status')) ?? '') ?? [];
      const name = (readText(join(task, 'comm')) ?? '').trim();
      return cpus === undefined ? [] : [{ id: Number(basename(task)), name, cpus: cpuList(cpus) }];
    });
  }

  /**
   * CPU nanoseconds used so far; null once it is gone. The sum over its threads is exact, but lacks those that have
   * ended; the process's own figure has them, in ticks. The larger of the two is a lower bound that misses least.
   */
  cpuNs(): number | null {
    const sums = this.#tasks().map((task) => Number((readText(join(task, 'schedstat')) ?? '0').split(' ')[0]));
    const stat = readText(`/proc/${this.pid}/stat`);
    if (stat === undefined || sums.length === 0 || !this.isAlive) return null;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Math.max(
      sums.reduce((sum, ns) => sum + ns, 0),
      ticks * NS_PER_TICK,
    );
  }

  #tasks(): readonly string[] {
    const folder = `/proc/${this.pid}/task`;
    try {
      return readdirSync(folder).map((id) => join(folder, id));
    } catch {
      return [];
    }
  }
}

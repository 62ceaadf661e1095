/** Parsers of the kernel's host-wide counters; pure. Null where the text does not hold the figure. */

/** CPU time of the whole host since boot, in ticks, as the first line of /proc/stat gives it. */
export interface CpuTicks {
  readonly total: number;
  /** Taken by the hypervisor for others while this machine wanted to run; 0 on hardware. */
  readonly steal: number;
}

/** Guest time is part of user time already, so that only the first eight columns count. */
export function parseCpuTicks(stat: string): CpuTicks | null {
  const columns = /^cpu +(.*)$/m.exec(stat)?.[1]?.trim().split(/ +/).slice(0, 8).map(Number);
  const steal = columns?.[7];
  if (columns === undefined || steal === undefined || !columns.every(Number.isFinite)) return null;
  return { total: columns.reduce((sum, ticks) => sum + ticks, 0), steal };
}

/** CPUs that are online; 0 where the text names none. */
export function parseOnlineCpus(stat: string): number {
  return stat.match(/^cpu\d+ /gm)?.length ?? 0;
}

/** Pages read from and written to swap since boot, from /proc/vmstat. */
export function parseSwappedPages(vmstat: string): number | null {
  const pages = ['pswpin', 'pswpout'].map((name) => new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1]);
  const [into, out] = pages;
  return into === undefined || out === undefined ? null : Number(into) + Number(out);
}

/** Microseconds since boot in which every runnable task waited (`full`), from a file of /proc/pressure. */
export function parseFullStallUs(pressure: string): number | null {
  const total = /^full .*\btotal=(\d+)$/m.exec(pressure)?.[1];
  return total === undefined ? null : Number(total);
}

/** Percent of the last ten seconds in which every runnable task waited (`full`), from a file of /proc/pressure. */
export function parseFullPressure(pressure: string): number | null {
  const share = /^full avg10=(\d+(?:\.\d+)?) /m.exec(pressure)?.[1];
  return share === undefined ? null : Number(share);
}

/**
 * The named points of a start, in the order in which they can happen:
 * `launched` t0, right before the first launch command is spawned · `api` the last launch command returned ·
 * `kernel` first byte on the serial console · `init` first user instruction of the guest's init ·
 * `exec` first user instruction of the workload's entry point · `ready` first valid answer of the application, inside ·
 * `reachable` the same over the network from the host, asked from `ready` on, where that is wanted.
 */
export const MARK_NAMES = ['launched', 'api', 'kernel', 'init', 'exec', 'ready', 'reachable'] as const;

export type MarkName = (typeof MARK_NAMES)[number];

/** One stamp on the host's monotonic clock. */
export interface Mark {
  readonly name: MarkName;
  /** Nanoseconds of CLOCK_MONOTONIC, stamped on the host. */
  readonly atNs: bigint;
}

/** Nanoseconds from `launched` to `name`; undefined where either is missing. */
export function sinceLaunch(marks: readonly Mark[], name: MarkName): number | undefined {
  const launched = marks.find((mark) => mark.name === 'launched');
  const reached = marks.find((mark) => mark.name === name);
  return launched && reached ? Number(reached.atNs - launched.atNs) : undefined;
}

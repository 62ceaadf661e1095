import type { GuardEvent } from '../model/journal.ts';
import { governors } from './frequency.ts';
import { othersNs } from './others.ts';
import { type HostSnapshot, takeSnapshot } from './snapshot.ts';

/** One guard over one block. `value` is null where the host does not say; the guard has then not tripped, and says so. */
export type GuardReading = Pick<GuardEvent, 'guard' | 'tripped' | 'value' | 'message'>;

/**
 * Above these a block is marked. They are shares of time, in percent, so that they mean the same for short and long blocks.
 * The default δ, under which two runners count as equivalent, is 5%.
 */
export const THRESHOLDS = {
  /** A fifth of δ: CPU time that the hypervisor takes is missing from whoever happens to run. */
  stealPercent: 1,
  /** A fifth of δ: while memory stalls every task, no start moves on. */
  memoryStallPercent: 1,
  /** δ itself: foreign work spread over the host takes about this share from an instance that wants to run. */
  othersPercent: 5,
  /**
   * Ten times the resolution of the wall clock as Node reads it. Adjustments of speed move both clocks alike; what is left is
   * a clock that was set, or a machine that was suspended, paused or migrated.
   */
  clockMs: 10,
} as const;

type Guard = (before: HostSnapshot, after: HostSnapshot) => GuardReading;

function unknown(guard: string, message: string): GuardReading {
  return { guard, tripped: false, value: null, message };
}

function elapsedNs(before: HostSnapshot, after: HostSnapshot): number {
  return Number(after.clocks.monotonicNs - before.clocks.monotonicNs);
}

function percent(share: number): string {
  return `${share.toFixed(2)}%`;
}

/** Any event at all: the CPU was too hot and ran slower for some time. */
const throttling: Guard = (before, after) => {
  if (after.throttling.size === 0) return unknown('throttling', 'this host keeps no counters of thermal throttling');
  const increases = [...after.throttling].map(([name, count]) => count - (before.throttling.get(name) ?? count));
  const value = Math.max(0, ...increases);
  const message = value > 0 ? `a CPU was throttled ${value} times for its temperature` : 'no CPU was throttled';
  return { guard: 'throttling', tripped: value > 0, value, message };
};

const steal: Guard = (before, after) => {
  if (!before.ticks || !after.ticks) return unknown('steal', '/proc/stat does not give stolen time');
  const total = after.ticks.total - before.ticks.total;
  if (total <= 0) return unknown('steal', 'the block was shorter than a clock tick');
  const value = (100 * (after.ticks.steal - before.ticks.steal)) / total;
  const tripped = value > THRESHOLDS.stealPercent;
  return { guard: 'steal', tripped, value, message: `the hypervisor took ${percent(value)} of the host's CPU time` };
};

/** Any page at all: one that has to come back from a disk costs milliseconds. */
const swap: Guard = (before, after) => {
  if (before.swappedPages === null || after.swappedPages === null)
    return unknown('swap', '/proc/vmstat does not count swapping');
  const value = after.swappedPages - before.swappedPages;
  return {
    guard: 'swap',
    tripped: value > 0,
    value,
    message: value > 0 ? `${value} pages were swapped` : 'no page was swapped',
  };
};

/**
 * Only memory: for the CPU the kernel defines no `full` over a whole host (the line is always 0), and `some` rises by the very
 * instances that are measured; what others take of the CPU is the guard `others`.
 */
const memoryPressure: Guard = (before, after) => {
  if (before.memoryStallUs === null || after.memoryStallUs === null) {
    return unknown(
      'memory-pressure',
      'pressure stall information is absent or switched off on this host (boot with psi=1)',
    );
  }
  const elapsedUs = Math.max(1, elapsedNs(before, after) / 1000);
  const value = (100 * (after.memoryStallUs - before.memoryStallUs)) / elapsedUs;
  const tripped = value > THRESHOLDS.memoryStallPercent;
  return {
    guard: 'memory-pressure',
    tripped,
    value,
    message: `all tasks waited for memory ${percent(value)} of the time`,
  };
};

/** Whatever changed: a governor that is the same throughout is a fact of the host, not an event of the block. */
const frequency: Guard = (before, after) => {
  const governor = governors(after.frequency);
  if (governor === null) return unknown('frequency', 'this host shows no CPU frequency policy');
  const names = new Set([...before.frequency.keys(), ...after.frequency.keys()]);
  const value = [...names].filter((name) => {
    const [then, now] = [before.frequency.get(name), after.frequency.get(name)];
    return then?.governor !== now?.governor || then?.limits !== now?.limits;
  }).length;
  const change =
    value > 0 ? `governor or limits of ${value} frequency policies changed` : 'no frequency policy changed';
  return { guard: 'frequency', tripped: value > 0, value, message: `${change}; governor ${governor}` };
};

const others: Guard = (before, after) => {
  const available = Math.max(1, elapsedNs(before, after) * after.cpus);
  const value = (100 * othersNs(before.table, after.table)) / available;
  const tripped = value > THRESHOLDS.othersPercent;
  return {
    guard: 'others',
    tripped,
    value,
    message: `other processes used at least ${percent(value)} of the host's CPU time`,
  };
};

const clock: Guard = (before, after) => {
  const value = after.clocks.realtimeMs - before.clocks.realtimeMs - elapsedNs(before, after) / 1e6;
  const tripped = Math.abs(value) > THRESHOLDS.clockMs;
  const message = tripped ? `the wall clock jumped by ${value.toFixed(0)} ms` : 'the wall clock did not jump';
  return { guard: 'clock', tripped, value, message };
};

const GUARDS: readonly Guard[] = [throttling, steal, swap, memoryPressure, frequency, others, clock];

/** Every guard's reading between two snapshots, always all of them and in the same order; pure. */
export function readGuards(before: HostSnapshot, after: HostSnapshot): readonly GuardReading[] {
  return GUARDS.map((guard) => guard(before, after));
}

/** Watches the host over one block. Both calls are synchronous and belong outside timed sections. */
export class GuardSampler {
  #before: HostSnapshot | undefined;

  begin(): void {
    this.#before = takeSnapshot();
  }

  /** What happened since `begin`; without it nothing was watched and there is nothing to say. */
  end(): readonly GuardReading[] {
    const before = this.#before;
    this.#before = undefined;
    return before ? readGuards(before, takeSnapshot()) : [];
  }
}

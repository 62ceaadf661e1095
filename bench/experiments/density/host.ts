import { parseFullPressure } from '../../host/counters.ts';
import { readText } from '../../host/files.ts';
import { allowOpenFiles, type KernelCounter, kernelCounters } from '../../host/kernel-limits.ts';
import { type MemoryState, ownCgroups, readMemory } from '../../host/memory.ts';
import { nowNs } from '../../proc/clock.ts';

/** What a ramp asks of the host. Every reading is synchronous. */
export interface RampHost {
  memory(): MemoryState;
  /** Percent of the last ten seconds in which all tasks waited for memory; null where the kernel does not tell. */
  memoryPressure(): number | null;
  counters(): readonly KernelCounter[];
  /** Lets tare hold that many files open, as far as it may. */
  allowOpenFiles(wanted: number): Promise<void>;
  /** Monotonic, in milliseconds. */
  nowMs(): number;
  readonly pace: Pace;
}

/** How often a ramp looks, in milliseconds. */
export interface Pace {
  /** Between two looks of the watchdog. */
  readonly watchMs: number;
  /** Between two looks while memory settles, and after how long it counts as settled whatever it does. */
  readonly settleEveryMs: number;
  readonly settleDeadlineMs: number;
}

/** This host. @param stateDir whose disk instances write to. */
export function thisHost(stateDir: string): RampHost {
  const cgroups = ownCgroups('memory');
  return {
    memory: () => readMemory(cgroups),
    memoryPressure: () => parseFullPressure(readText('/proc/pressure/memory') ?? ''),
    counters: () => kernelCounters(stateDir),
    allowOpenFiles,
    nowMs: () => Number(nowNs()) / 1e6,
    pace: { watchMs: 100, settleEveryMs: 150, settleDeadlineMs: 10_000 },
  };
}

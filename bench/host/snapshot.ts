import { nowNs } from '../proc/clock.ts';
import { type CpuTicks, parseCpuTicks, parseFullStallUs, parseOnlineCpus, parseSwappedPages } from './counters.ts';
import { readText } from './files.ts';
import { type FrequencyPolicy, frequencyPolicies, throttleCounts } from './frequency.ts';
import { type ProcessTable, readProcessTable } from './others.ts';

/** The same moment on both clocks. */
export interface ClockPair {
  readonly monotonicNs: bigint;
  /** CLOCK_REALTIME, which Node gives in whole milliseconds. */
  readonly realtimeMs: number;
}

/** What the guards compare: the host's counters at one moment. Null and empty: the host does not say. */
export interface HostSnapshot {
  readonly clocks: ClockPair;
  /** Online. */
  readonly cpus: number;
  readonly throttling: ReadonlyMap<string, number>;
  readonly ticks: CpuTicks | null;
  readonly swappedPages: number | null;
  /** Null also where pressure is switched off. */
  readonly memoryStallUs: number | null;
  readonly frequency: ReadonlyMap<string, FrequencyPolicy>;
  readonly table: ProcessTable;
}

/** Longer between the two readings of the monotonic clock means that something came in between. */
const CLOSE_NS = 200_000n;
const CLOCK_TRIES = 5;

function readClocks(): ClockPair {
  let best: (ClockPair & { readonly apartNs: bigint }) | undefined;
  for (let attempt = 0; attempt < CLOCK_TRIES; attempt += 1) {
    const startedNs = nowNs();
    const realtimeMs = Date.now();
    const apartNs = nowNs() - startedNs;
    if (best === undefined || apartNs < best.apartNs)
      best = { monotonicNs: startedNs + apartNs / 2n, realtimeMs, apartNs };
    if (apartNs < CLOSE_NS) break;
  }
  return best ?? { monotonicNs: nowNs(), realtimeMs: Date.now() };
}

function parsed<T>(text: string | null, parse: (text: string) => T | null): T | null {
  return text === null ? null : parse(text);
}

/** Reads everything once, synchronously: a few milliseconds with a few hundred processes. Starts no process. */
export function takeSnapshot(root = ''): HostSnapshot {
  const stat = readText(`${root}/proc/stat`);
  return {
    clocks: readClocks(),
    cpus: Math.max(1, parseOnlineCpus(stat ?? '')),
    throttling: throttleCounts(root),
    ticks: parsed(stat, parseCpuTicks),
    swappedPages: parsed(readText(`${root}/proc/vmstat`), parseSwappedPages),
    memoryStallUs: parsed(readText(`${root}/proc/pressure/memory`), parseFullStallUs),
    frequency: frequencyPolicies(root),
    table: readProcessTable(process.pid, root),
  };
}

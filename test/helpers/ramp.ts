import type { RampHost } from '../../bench/experiments/density/host.ts';
import type { KernelCounter } from '../../bench/host/kernel-limits.ts';
import type { Subject } from '../../bench/model/experiment.ts';
import type { RampStep } from '../../bench/model/journal.ts';
import type { Capabilities, Instance, Prepared, RunContext } from '../../bench/model/runner.ts';
import type { Workload } from '../../bench/model/workload.ts';
import { codeOf, messageOf } from '../../bench/errors.ts';

/** What a procedure journalled. */
export interface Journalled {
  readonly steps: RampStep[];
  readonly values: Record<string, number>;
  readonly failures: {
    readonly stage: string;
    readonly metrics: readonly string[];
    readonly code: string;
    readonly message: string;
  }[];
  readonly guards: { readonly guard: string; readonly value: number | null; readonly message: string }[];
}

export interface SubjectParts {
  readonly prepared: Prepared;
  readonly workload: Workload;
  readonly capabilities: Capabilities;
  readonly run: RunContext;
  readonly spread?: Subject['spread'];
  /** What a test does to an instance before the ramp gets it. */
  readonly adapt?: (instance: Instance, order: number) => Instance;
}

/** A subject that starts real or fake instances and keeps what is journalled in memory. */
export function rampSubject(parts: SubjectParts): { readonly subject: Subject; readonly journalled: Journalled } {
  const journalled: Journalled = { steps: [], values: {}, failures: [], guards: [] };
  const { prepared, workload, capabilities, run } = parts;
  const fail = (stage: string, metrics: readonly string[], error: unknown) => {
    const open = metrics.filter((metric) => !journalled.failures.some((failure) => failure.metrics.includes(metric)));
    if (metrics.length > 0 && open.length === 0) return;
    journalled.failures.push({ stage, metrics: open, code: codeOf(error), message: messageOf(error) });
  };
  let starts = 0;
  const subject: Subject = {
    ...{ prepared, workload, capabilities, block: 0, signal: run.signal, spread: parts.spread ?? [[0], [1]] },
    start: async (metrics, options) => {
      run.signal.throwIfAborted();
      const order = starts++;
      try {
        const instance = await prepared.start(run, order, options);
        return parts.adapt?.(instance, order) ?? instance;
      } catch (error) {
        run.signal.throwIfAborted();
        fail('start', metrics, error);
        throw error;
      }
    },
    record: (metric, value) => void (journalled.values[metric] = value),
    fail: (stage, metrics, error) => fail(stage, metrics, error),
    guard: (guard, _tripped, value, message) => void journalled.guards.push({ guard, value, message }),
    ramp: (step) => void journalled.steps.push(step),
    hostCpuNs: () => null,
  };
  return { subject, journalled };
}

export interface FakeHostOptions {
  readonly totalBytes?: number;
  /** Bytes in use, of which none can be dropped. */
  readonly usedBytes?: () => number;
  readonly pressure?: () => number | null;
  readonly counters?: () => readonly KernelCounter[];
  readonly nowMs?: () => number;
}

/** A host that is what a test says, and settles at once. */
export function fakeHost(options: FakeHostOptions = {}): RampHost {
  const totalBytes = options.totalBytes ?? 32 * 2 ** 30;
  return {
    memory: () => {
      const hostUsedBytes = options.usedBytes?.() ?? 2 ** 30;
      return { totalBytes, availableBytes: totalBytes - hostUsedBytes, hostUsedBytes };
    },
    memoryPressure: options.pressure ?? (() => 0),
    counters: options.counters ?? (() => []),
    allowOpenFiles: async () => {},
    nowMs: options.nowMs ?? (() => 0),
    pace: { watchMs: 5, settleEveryMs: 1, settleDeadlineMs: 10 },
  };
}

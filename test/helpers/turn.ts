import { messageOf } from '../../bench/errors.ts';
import type { Subject } from '../../bench/model/experiment.ts';
import type { Capabilities, Prepared, RunContext } from '../../bench/model/runner.ts';
import type { Workload } from '../../bench/model/workload.ts';

/** What an experiment made of one turn. */
export interface Seen {
  readonly values: Map<string, number[]>;
  readonly failures: string[];
  readonly guards: Map<string, string>;
}

export interface TurnOf {
  readonly prepared: Prepared;
  readonly workload: Workload;
  readonly capabilities: Capabilities;
  readonly run: RunContext;
  /** The number of the turn's first instance. */
  readonly index: number;
}

/** A turn without engine and journal around it: what the experiment says is kept in memory. */
export function keptTurn({ prepared, workload, capabilities, run, index }: TurnOf): { subject: Subject; seen: Seen } {
  const seen: Seen = { values: new Map(), failures: [], guards: new Map() };
  const { values, failures, guards } = seen;
  let instances = 0;
  const subject: Subject = {
    ...{ prepared, workload, capabilities, spread: [[1]], block: 0, signal: run.signal },
    start: () => prepared.start(run, index + instances++),
    record: (metric, value) => void values.set(metric, [...(values.get(metric) ?? []), value]),
    fail: (_stage, metrics, error) => void failures.push(`${metrics.join()}: ${messageOf(error)}`),
    guard: (guard, tripped, _value, message) => void guards.set(guard, `${tripped} ${message}`),
    ramp: () => {},
    hostCpuNs: () => null,
  };
  return { subject, seen };
}

import { readableBytes } from '../../host/space.ts';

/** What may end a ramp. */
export type Rule =
  | 'memory'
  | 'pressure'
  | 'slow-start'
  | 'failed-start'
  | 'dead-instance'
  | 'kernel-limit'
  | 'time'
  | 'ceiling';

export interface Stop {
  readonly rule: Rule;
  /** What was seen, and against which bound. */
  readonly message: string;
}

/** Above this share of time, in percent over ten seconds, all tasks of the host wait for memory too often. */
export const MOST_PRESSURE = 5;

const LEAST_FLOOR = 2 * 2 ** 30;

/** Available bytes that a ramp leaves to the host: a tenth of its memory, and at least 2 GiB. */
export function memoryFloor(totalBytes: number): number {
  return Math.max(totalBytes / 10, LEAST_FLOOR);
}

/** What is known at the end of a step. */
export interface StepFacts {
  readonly floorBytes: number;
  /** The least that was available at any moment of the step. */
  readonly lowestBytes: number;
  /** Percent; null where the kernel does not tell. */
  readonly pressure: number | null;
  /** Median time to ready of the step's starts, and of the first step's; null where none became ready. */
  readonly startNs: number | null;
  readonly firstStartNs: number | null;
  readonly slowdown: number;
  readonly failedStarts: number;
  /** Instances that did not answer, and that nobody ended on purpose. */
  readonly dead: number;
  /** Instances that were ended to protect the host. */
  readonly killed: number;
}

function seconds(ns: number): string {
  return `${(ns / 1e9).toPrecision(3)} s`;
}

function memory({ lowestBytes, floorBytes, killed }: StepFacts): Stop | null {
  if (lowestBytes >= floorBytes && killed === 0) return null;
  const ended = killed === 0 ? '' : `; ${killed} instances were ended at once to protect the host`;
  return {
    rule: 'memory',
    message: `${readableBytes(lowestBytes)} of memory were available, the floor is ${readableBytes(floorBytes)}${ended}`,
  };
}

function failedStart({ failedStarts }: StepFacts): Stop | null {
  return failedStarts === 0 ? null : { rule: 'failed-start', message: `${failedStarts} starts failed` };
}

function deadInstance({ dead }: StepFacts): Stop | null {
  return dead === 0 ? null : { rule: 'dead-instance', message: `${dead} instances did not answer` };
}

function tooMuchPressure({ pressure }: StepFacts): Stop | null {
  if (pressure === null || pressure <= MOST_PRESSURE) return null;
  return {
    rule: 'pressure',
    message: `all tasks waited for memory ${pressure.toFixed(2)}% of ten seconds, ${MOST_PRESSURE}% is the bound`,
  };
}

function slowStart({ startNs, firstStartNs, slowdown }: StepFacts): Stop | null {
  if (startNs === null || firstStartNs === null || startNs <= slowdown * firstStartNs) return null;
  return {
    rule: 'slow-start',
    message: `a start took ${seconds(startNs)}, more than ${slowdown} × the first step's ${seconds(firstStartNs)}`,
  };
}

/** The rule that this step broke, the one that explains the others first; null where it passed them all. Pure. */
export function violation(facts: StepFacts): Stop | null {
  return (
    memory(facts) ?? failedStart(facts) ?? deadInstance(facts) ?? tooMuchPressure(facts) ?? slowStart(facts) ?? null
  );
}

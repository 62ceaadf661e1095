import type { KernelCounter } from '../../host/kernel-limits.ts';
import { readableBytes } from '../../host/space.ts';
import { leastSquaresSlope, type RampPoint } from '../../stats/slope.ts';
import type { Stop } from './rules.ts';

/** Room for fewer than a sixteenth of what stands already is not worth a step: the ramp would creep. */
const LEAST_SHARE = 16;

/** How many more instances something leaves room for, and what that is. */
export interface Room {
  readonly name: string;
  readonly instances: number;
}

/**
 * Bytes that one more instance will take, rather too many than too few: the ramp's slope so far or its last stretch's, whichever
 * is steeper. Before there is a slope, what the only step took, and at least `assumed`.
 * @param assumed bytes: a guest's whole memory; 0 for what has no memory of its own.
 */
export function predictedBytes(points: readonly RampPoint[], assumed: number): number {
  const [last, before] = [points.at(-1), points.at(-2)];
  if (!last) return assumed;
  if (!before) return Math.max(assumed, last.bytes / last.count);
  const stretch = (last.bytes - before.bytes) / (last.count - before.count);
  return Math.max(0, leastSquaresSlope(points).perInstance, stretch);
}

/** How many more instances the memory above the floor holds. */
export function memoryRoom(availableBytes: number, floorBytes: number, perInstance: number): number {
  const above = availableBytes - floorBytes;
  if (above <= 0) return 0;
  return perInstance > 0 ? Math.floor(above / perInstance) : Number.POSITIVE_INFINITY;
}

/**
 * The kernel limit that would be met first, going by what the instances so far have taken of each; null where none has
 * taken anything. What others took meanwhile counts as theirs: the estimate is too low rather than too high.
 * @param before counters at no instance. @param count instances that stand now.
 */
export function kernelRoom(
  before: readonly KernelCounter[],
  now: readonly KernelCounter[],
  count: number,
): Room | null {
  const rooms = now.flatMap(({ name, used, limit, reserve }): readonly Room[] => {
    const left = Math.max(0, limit - reserve - used);
    const taken = used - (before.find((counter) => counter.name === name)?.used ?? 0);
    if (taken <= 0) return left === 0 ? [{ name, instances: 0 }] : [];
    return [{ name, instances: Math.floor((left * count) / taken) }];
  });
  return rooms.reduce<Room | null>(
    (least, room) => (least === null || room.instances < least.instances ? room : least),
    null,
  );
}

/** How many more instances could be started in what is left of a ramp's time, at the pace of its last step. */
export function timeRoom(leftMs: number, eachMs: number): number {
  if (leftMs <= 0) return 0;
  return eachMs > 0 ? Math.floor(leftMs / eachMs) : Number.POSITIVE_INFINITY;
}

/** What decides how far the next step may go. */
export interface Outlook {
  /** Instances that stand. */
  readonly count: number;
  /** Counts after each step, ascending; the last is the ceiling. */
  readonly steps: readonly number[];
  readonly availableBytes: number;
  readonly floorBytes: number;
  readonly perInstance: number;
  readonly kernel: Room | null;
  /** What is left of the ramp's time, and what the last step took for each instance that it started. */
  readonly leftMs: number;
  readonly eachMs: number;
}

function noTime({ count, leftMs, eachMs }: Outlook, room: number): Stop {
  const [left, each] = [leftMs, eachMs].map((ms) => `${(Math.max(0, ms) / 1000).toFixed(1)} s`);
  return {
    rule: 'time',
    message: `${left} of the ramp's time are left: room for ${room} more instances at ${each} each beside the ${count} that stand`,
  };
}

function noRoom(outlook: Outlook, memory: number): Stop {
  const { availableBytes, floorBytes, perInstance, count, kernel } = outlook;
  if (kernel !== null && kernel.instances < memory) {
    return {
      rule: 'kernel-limit',
      message: `${kernel.name} leaves room for ${kernel.instances} more instances beside the ${count} that stand`,
    };
  }
  const [available, floor, each] = [availableBytes, floorBytes, perInstance].map(readableBytes);
  return {
    rule: 'memory',
    message: `${available} of memory are available and the floor is ${floor}: room for ${memory} more at ${each} each`,
  };
}

/** How many instances are to stand after the next step, shrunk to what fits; or why there is no next step. Pure. */
export function nextStep(outlook: Outlook): { readonly target: number } | { readonly stop: Stop } {
  const { count, steps, availableBytes, floorBytes, perInstance, kernel, leftMs, eachMs } = outlook;
  const wanted = steps.find((step) => step > count);
  if (wanted === undefined) {
    return { stop: { rule: 'ceiling', message: `the ramp was to have ${count} instances and has them` } };
  }
  const memory = memoryRoom(availableBytes, floorBytes, perInstance);
  const onHost = Math.min(memory, kernel?.instances ?? Number.POSITIVE_INFINITY);
  const inTime = timeRoom(leftMs, eachMs);
  const room = Math.min(onHost, inTime);
  const target = Math.min(wanted, count + room);
  const worthwhile = target === wanted || room >= Math.max(1, Math.floor(count / LEAST_SHARE));
  if (worthwhile) return { target };
  return { stop: inTime < onHost ? noTime(outlook, inTime) : noRoom(outlook, memory) };
}

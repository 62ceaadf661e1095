import type { Coordinates, JournalEvent, RampStep } from '../../../bench/model/journal.ts';
import type { PlannedExperiment } from '../../../bench/model/manifest.ts';
import type { Metric } from '../../../bench/model/metric.ts';
import { HOSTILE } from './hostile.ts';

/** Ramps of instances as a fixture has them. */

const GB = 1e9;
const MB = 1e6;
const MS = 1e6;
const FREE = 21.4 * GB;

const count = (id: string, title: string, unit: 'count' | 'bytes', better: 'higher' | 'lower'): Metric => {
  return { id: `${id}-idle`, title, unit, better, primary: false, assessableEmulated: false };
};

export const DENSITY: PlannedExperiment = {
  id: 'density',
  workload: 'redis',
  metrics: [
    count('achieved', 'instances alive at the last step that passed every rule, idle', 'count', 'higher'),
    count('memory', "host's memory that each further instance takes, idle", 'bytes', 'lower'),
    count('projected', "instances that the host's memory would hold by that, never started, idle", 'count', 'higher'),
  ],
  pilotBlocks: 0,
  minimumBlocks: 3,
  frozen: { blocks: 3, reason: 'profile', needed: null },
};

interface Box {
  readonly runner: string;
  readonly bytes: number;
  readonly startMs: number;
  readonly ceiling: number;
}

function boxes(vm: 'kvm' | 'tcg', vmId: string): readonly Box[] {
  const containers = vm === 'kvm' ? 1100 : 50;
  return [
    { runner: 'native', bytes: 5.1 * MB, startMs: 38, ceiling: containers },
    { runner: 'runc', bytes: 6.3 * MB, startMs: 118, ceiling: containers },
    { runner: 'docker', bytes: 9.8 * MB, startMs: 812, ceiling: containers },
    vm === 'kvm'
      ? { runner: vmId, bytes: 192 * MB, startMs: 1690, ceiling: 200 }
      : { runner: vmId, bytes: 187 * MB, startMs: 8450, ceiling: 4 },
  ];
}

function steps(ceiling: number): readonly number[] {
  const doubled = Array.from({ length: 11 }, (_, power) => 2 ** power).filter((size) => size < ceiling);
  return [...doubled, ceiling];
}

/** One ramp; it ends at its ceiling or where memory would run out. */
function ramp({ bytes, startMs, ceiling }: Box, factor: number, hostile: boolean): readonly RampStep[] {
  const fits = Math.floor((FREE - 2.5 * GB) / (bytes * factor));
  const sizes = steps(Math.min(ceiling, fits));
  return sizes.map((size, at) => {
    const used = Math.round(size * bytes * factor);
    const told = hostile ? HOSTILE : `2.48 GB of memory were available, the floor is 2.52 GB`;
    const end =
      fits < ceiling
        ? { rule: 'memory', message: told }
        : { rule: 'ceiling', message: `the ramp was to have ${ceiling} instances and has them` };
    return {
      ...{ arm: 'idle', launched: size, ready: size, alive: size },
      ...{ usedBytes: used, availableBytes: Math.round(FREE - used) },
      startNs: Math.round(startMs * MS * factor * (1 + 0.15 * Math.log2(size))),
      stop: at === sizes.length - 1 ? end : null,
    };
  });
}

export function densityEvents(
  vm: 'kvm' | 'tcg',
  vmId: string,
  hostile: boolean,
  random: () => number,
): readonly JournalEvent[] {
  return [0, 1, 2].flatMap((block): readonly JournalEvent[] => [
    ...boxes(vm, vmId).flatMap((box, position): readonly JournalEvent[] => {
      const at: Coordinates = {
        ...{ session: 0, experiment: 'density', workload: 'redis', runner: box.runner, block, position },
        ...{ phase: 'measured', instance: null },
      };
      const all = ramp(box, 0.97 + 0.06 * random(), hostile);
      const last = all.at(-1);
      if (!last) return [];
      const perInstance = Math.round(last.usedBytes / last.alive);
      const values = {
        'achieved-idle': last.alive,
        'memory-idle': perInstance,
        'projected-idle': last.alive + Math.floor(Math.max(0, last.availableBytes - 2.5 * GB) / perInstance),
      };
      return [
        ...all.map((step): JournalEvent => ({ type: 'ramp', ...at, ...step })),
        ...Object.entries(values).map(([metric, value]): JournalEvent => {
          return { type: 'sample', ...at, metric, operation: 0, value };
        }),
      ];
    }),
    {
      ...{ type: 'block', experiment: 'density', workload: 'redis', block, phase: 'measured' },
      ...{ order: boxes(vm, vmId).map(({ runner }) => runner), startedAt: '2026-01-02T03:12:05.000Z', seconds: 90 },
    },
  ]);
}

import { formatCpuList } from '../../host/cpus.ts';
import { readableBytes } from '../../host/space.ts';
import type { DryRun } from '../dry-run.ts';
import { printable } from '../output.ts';
import type { Change } from './changes.ts';
import type { PlannedInstances, PlannedWork } from './instances.ts';

type Cells = readonly string[];

/** Rows in columns, two blanks between them; the last column is not padded. */
function columns(rows: readonly Cells[]): readonly string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0))) ?? [];
  return rows.map((cells) => {
    const padded = cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)));
    return `  ${padded.join('  ')}`;
  });
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function runners({ runners: all }: DryRun): readonly string[] {
  return all.flatMap(({ id, support }) => {
    if (support.ok) {
      const name = support.as === id ? id : `${id} as ${support.as}`;
      return [`  runs    ${name}: ${support.title}`];
    }
    const hint = support.hint === '' ? [] : [`          → ${support.hint}`];
    return [`  cannot  ${id}: ${support.reason}`, ...hint];
  });
}

const TO_BUILD = {
  base: 'to be built from the distribution: half a minute to two minutes, up to 2 GiB while it is built',
  node: 'to be built on the base: half a minute at most, the Node that runs tare and a suite more',
} as const;

function images({ images: all }: DryRun): readonly string[] {
  return columns(
    all.map(({ flavour, digest, folder, bytes }) => {
      if (digest === null) return [flavour, `below ${folder}`, TO_BUILD[flavour]];
      const size = bytes === null ? '' : `, ${readableBytes(bytes)}`;
      return [flavour, folder, `there: ${digest.slice(0, 'sha256:'.length + 16)}…${size}`];
    }),
  );
}

function changes(all: readonly Change[], stays: boolean): readonly string[] {
  const rows = all.filter((change) => change.stays === stays);
  return columns(
    rows.map(({ kind, name, what, by }) => [kind, name, by.length === 0 ? what : `${what} (${by.join(', ')})`]),
  );
}

function blocksOf({ pilotBlocks, measuredBlocks }: PlannedInstances): string {
  return pilotBlocks === 0 ? String(measuredBlocks) : `${pilotBlocks} + ${measuredBlocks}`;
}

function work(all: readonly PlannedWork[]): readonly string[] {
  const head = ['experiment', 'workload', 'runner', 'blocks', 'instances', 'at once'];
  const rows = all.flatMap(({ experiment, workload, runners: planned }) =>
    planned.map((of) => [experiment, workload, of.runner, blocksOf(of), String(of.instances), String(of.atOnce)]),
  );
  return rows.length === 0 ? [] : columns([head, ...rows]);
}

function cpus({ cpus: { instance, client, host, overlaps } }: DryRun): readonly string[] {
  const rows = { instances: instance, 'clients outside': client, 'left to the host': host };
  const lines = columns(Object.entries(rows).map(([use, ids]) => [use, formatCpuList(ids)]));
  return [...lines, ...overlaps.map((overlap) => `  note: ${overlap}`)];
}

function density({ density: bounds, availableBytes }: DryRun): readonly string[] {
  if (!bounds) return [];
  const { containers, vms, arms, floorBytes, slowdown, rampTimeMs } = bounds;
  const now = availableBytes === null ? '' : `, ${readableBytes(availableBytes)} now`;
  const floor =
    floorBytes === null
      ? 'the host does not say how much memory it has: no ramp would be begun'
      : `at least ${readableBytes(floorBytes)} of memory stay available${now}`;
  return [
    `  up to ${containers} containers or ${vms} virtual machines of a runner at once (${arms.join(', ')})`,
    `  ${floor}`,
    `  a start that takes ${slowdown} times the first one's time, a failed start, a kernel limit or ${Math.round(rampTimeMs / 6000) / 10} min ends a ramp`,
  ];
}

function time({ budgetMs, images: all, density: bounds, work: planned }: DryRun): readonly string[] {
  const minutes = (ms: number) => Math.round(ms / 6000) / 10;
  const first = all.some(({ digest }) => digest === null) ? ', after what has to be built' : '';
  const lines = [`  about ${minutes(budgetMs)} min of measuring at most${first}; the last block begun may end later`];
  const ramps = planned.filter(({ experiment }) => experiment === 'density').flatMap(({ runners: of }) => of);
  if (!bounds || ramps.length === 0) return lines;
  const count = ramps.length * bounds.arms.length;
  const most = minutes(bounds.rampTimeMs);
  return [
    ...lines,
    `  density begins one block whatever is left: ${count} ramps, each starting instances for ${most} min at most`,
  ];
}

/** The description as people read it. */
export function renderDryRun(run: DryRun): string {
  const notes = [
    ...(run.refusedBecause === null ? [] : [`The run would be refused: ${run.refusedBecause}.`]),
    ...(run.root ? [] : ['Looked at without root: some runners can only say as root whether they would run.']),
  ];
  const lines = [
    'Nothing was changed. The run would do this and no more:',
    ...notes,
    ...section('runners', runners(run)),
    ...section('images', images(run)),
    ...section(
      'made for the run and removed at its end (<tag>: six hex digits of its own)',
      changes(run.changes, false),
    ),
    ...section('stays for the next run', [
      ...changes(run.changes, true),
      `  ${readableBytes(run.freeBytes)} free below ${run.config.state}`,
    ]),
    ...section('the bundle', [`  ${run.out}/<date>-<time>-<tag>`]),
    ...section('CPUs', cpus(run)),
    ...section('instances at most (pilot + measured blocks)', work(run.work)),
    ...section('bounds of a density ramp', density(run)),
    ...section('time', time(run)),
  ];
  return printable(lines.join('\n'));
}

import type { Bundle } from '../journal/read.ts';
import { differences } from '../host/parity.ts';
import type { FailureEvent, GuardEvent, JournalEvent, RampEvent } from '../model/journal.ts';
import type { Manifest, ManifestRunner } from '../model/manifest.ts';
import type {
  Cell,
  ClaimResult,
  Difference,
  FailureSummary,
  GuardSummary,
  RampSummary,
  Result,
} from '../model/result.ts';
import { calibrationOf } from './calibration.ts';
import { CATALOGUE } from './catalogue.ts';
import { cellOf, NATIVE } from './cells.ts';
import { decideClaims, type EvidenceCell } from './claims.ts';
import { Series } from './series.ts';
import { besideMarked, claimsBesideMarked, Marks } from './unmarked.ts';

/** The null runner has no place in the manifest's line-up; its cells stand beside the others as the harness's own cost. */
const HARNESS: ManifestRunner = {
  id: 'null',
  as: 'null',
  title: "the harness's own cost",
  capabilities: { isolation: 'none', accelerator: 'none', marks: ['launched', 'api', 'exec', 'ready'], designed: [] },
  versions: {},
  digest: '',
};

function ofType<Type extends JournalEvent['type']>(events: readonly JournalEvent[], type: Type) {
  return events.filter((event): event is Extract<JournalEvent, { type: Type }> => event.type === type);
}

function differencesOf(manifest: Manifest, events: readonly JournalEvent[]): readonly Difference[] {
  const readings = ofType(events, 'limits').flatMap(({ runner: as, limits, cpus }) => {
    const runner = manifest.runners.find((candidate) => candidate.as === as);
    if (!runner) return [];
    const { isolation, designed } = runner.capabilities;
    const isBaseline = runner.baselineOf !== undefined;
    return [{ isBaseline, runner: as, isolation, designed, limits, ...(cpus === undefined ? {} : { cpus }) }];
  });
  const of = (baseline: boolean) => readings.filter(({ isBaseline }) => isBaseline === baseline);
  const against = manifest.baseline ? differences(manifest.baseline.spec, of(true)) : [];
  return [...differences(manifest.spec, of(false)), ...against];
}

function grouped<Item, Summary>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  summarise: (group: readonly [Item, ...Item[]]) => Summary,
): readonly Summary[] {
  return [...Map.groupBy(items, keyOf).values()].map((group) => summarise(group as [Item, ...Item[]]));
}

function guardsOf(events: readonly GuardEvent[]): readonly GuardSummary[] {
  return grouped(
    events,
    ({ guard, experiment, workload, runner = '' }) => [experiment, workload, runner, guard].join('/'),
    (group) => {
      const tripped = group.filter((event) => event.tripped);
      const { guard, experiment, workload, runner, message } = tripped[0] ?? group[0];
      const where = { guard, experiment, workload, ...(runner === undefined ? {} : { runner }) };
      return { ...where, blocks: group.length, tripped: tripped.length, message };
    },
  );
}

function failuresOf(events: readonly FailureEvent[]): readonly FailureSummary[] {
  return grouped(
    events,
    ({ runner, experiment, workload, phase, stage, code }) =>
      [runner, experiment, workload, phase, stage, code].join('/'),
    (group) => {
      const { runner, experiment, workload, phase, stage, code, message } = group[0];
      return { runner, experiment, workload, phase, stage, code, message, count: group.length };
    },
  );
}

function rampsOf(events: readonly RampEvent[]): readonly RampSummary[] {
  return grouped(
    events,
    ({ runner, workload, block, arm }) => [runner, workload, block, arm].join('/'),
    (group) => {
      const { runner, workload, block, arm } = group[0];
      const steps = group.map(({ launched, ready, alive, usedBytes, availableBytes, startNs, stop }) => {
        return { arm, launched, ready, alive, usedBytes, availableBytes, startNs, stop };
      });
      return { runner, workload, block, arm, steps };
    },
  );
}

function evidenceCell(cell: Cell, runner: ManifestRunner): EvidenceCell {
  const { key, experiment, workload, metric, unit, better, primary, n, failures, median, ci, status } = cell;
  const { isolation, accelerator } = runner.capabilities;
  return {
    ...{ key, experiment, workload, metric, unit, better, primary, n, failures, median },
    ...{ ratioToNative: cell.ratioToNative, ratioToContainer: cell.ratioToContainer },
    ...{ runner: runner.as, isolation, accel: accelerator },
    ci: ci && { lo: ci.lo ?? -Infinity, hi: ci.hi ?? Infinity },
    level: ci?.level ?? null,
    comparable: status !== 'not-comparable',
  };
}

interface Conclusions {
  readonly cells: readonly Cell[];
  readonly claims: readonly ClaimResult[];
}

function conclude(
  manifest: Manifest,
  series: Series,
  ramps: readonly RampSummary[],
  notComparable: ReadonlySet<string>,
): Conclusions {
  const pairs = [...manifest.runners, HARNESS].flatMap((runner) =>
    manifest.experiments.flatMap((experiment) =>
      experiment.metrics.flatMap((metric) => {
        const cell = cellOf({ manifest, series, notComparable }, runner, experiment, metric);
        return cell ? [{ cell, runner }] : [];
      }),
    ),
  );
  const claims = decideClaims(CATALOGUE, {
    cells: pairs.map(({ cell, runner }) => evidenceCell(cell, runner)),
    columns: manifest.columns,
    vmImage: manifest.vmImage,
    ramps,
  });
  return { cells: pairs.map(({ cell }) => cell), claims };
}

/** All conclusions, and beside those that a guard concerns, the same without the marked blocks. */
function concludeTwice(
  manifest: Manifest,
  events: readonly JournalEvent[],
  notComparable: ReadonlySet<string>,
): Conclusions {
  const from = (evidence: readonly JournalEvent[]) =>
    conclude(manifest, new Series(evidence), rampsOf(ofType(evidence, 'ramp')), notComparable);
  const all = from(events);
  const marks = new Marks(events);
  if (marks.none) return all;
  const kept = from(marks.without(events));
  const cells = besideMarked(all.cells, kept.cells, marks, NATIVE);
  return { cells, claims: claimsBesideMarked(all.claims, kept.claims, cells) };
}

/** Everything that follows from a bundle's evidence; the same evidence gives the same result, to the byte. */
export function deriveResult({ manifest, events }: Pick<Bundle, 'manifest' | 'events'>): Result {
  const found = differencesOf(manifest, events);
  const notComparable = new Set(found.filter((difference) => difference.designed === null).map(({ runner }) => runner));
  const { cells, claims } = concludeTwice(manifest, events, notComparable);
  const blocks = ofType(events, 'block');
  return {
    schema: 'tare-result-1',
    runId: manifest.runId,
    startedAt: manifest.startedAt,
    host: manifest.host,
    image: manifest.image,
    spec: manifest.spec,
    columns: manifest.columns,
    level: manifest.level,
    comparisons: manifest.comparisons,
    delta: manifest.delta,
    runners: manifest.runners.map((runner) => ({
      ...runner,
      isolation: runner.capabilities.isolation,
      accel: runner.capabilities.accelerator,
    })),
    unavailable: manifest.unavailable,
    experiments: manifest.experiments.map(({ id, workload, frozen }) => {
      const own = blocks.filter((block) => block.experiment === id && block.workload === workload);
      const done = (phase: string) => own.filter((block) => block.phase === phase).length;
      return { id, workload, blocks: done('measured'), pilotBlocks: done('pilot'), frozen };
    }),
    cells,
    claims,
    differences: found,
    ramps: rampsOf(ofType(events, 'ramp')),
    calibration: calibrationOf(manifest, new Series(events)),
    guards: guardsOf(ofType(events, 'guard')),
    failures: failuresOf(ofType(events, 'failure')),
    outcome: ofType(events, 'end').at(-1)?.outcome ?? 'cut',
  };
}

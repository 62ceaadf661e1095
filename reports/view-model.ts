import type { Cell, ClaimHalf, ClaimResult, RatioToNative, Result } from '../bench/model/result.ts';

/** What every renderer shows, decided once: which value stands where, and what stands apart. Texts are still as they came. */

export const NATIVE = 'native';
/** The harness's own cost: never a row of the table. */
export const HARNESS = 'null';

export type Column = ClaimHalf['column'];
export type Tone = 'native' | 'container' | 'sandbox' | 'vm' | 'emulated' | 'harness';

export interface RunnerView {
  /** The id of its cells. */
  readonly id: string;
  /** What people read. An emulated runner is never shown by its id alone. */
  readonly label: string;
  readonly title: string;
  readonly tone: Tone;
}

/** A cell with who it belongs to. */
export interface Entry {
  readonly runner: RunnerView;
  readonly cell: Cell;
}

export interface HalfView {
  readonly source: ClaimHalf['source'];
  readonly verdict: ClaimHalf['verdict'];
  readonly reason: string;
  /** Which runner stands for the column; null where none ran. */
  readonly runner: RunnerView | null;
  /** Its values of the deciding metric, one a workload; without emulated ones. */
  readonly measured: readonly Cell[];
  /** Its values are emulated and stand apart. */
  readonly emulated: boolean;
  readonly evidence: readonly Cell[];
}

export interface TableRow {
  readonly id: string;
  readonly feature: ClaimResult['feature'];
  readonly halves: Readonly<Record<Column, HalfView | null>>;
  /** The deciding metric's values of runners that stand for no column; `column` says which kind they are. */
  readonly others: readonly (Entry & { readonly column: Column | null })[];
}

export type RatioEntry = Entry & { readonly ratio: RatioToNative };

export interface EmulatedGroup {
  readonly runner: RunnerView;
  readonly cells: readonly Cell[];
}

export interface ReportView {
  readonly runners: readonly RunnerView[];
  /** The view of any runner by the id of its cells, known or not. */
  readonly runner: (id: string) => RunnerView;
  readonly table: readonly TableRow[];
  readonly ratios: readonly RatioEntry[];
  /** Everything that is neither emulated nor the harness's own. */
  readonly ordinary: readonly Entry[];
  readonly emulated: readonly EmulatedGroup[];
  readonly harness: readonly Entry[];
}

/** Which metric a row is about. Other claims show the metric of their first piece of evidence. */
const MAIN: Readonly<Record<string, { readonly experiment: string; readonly metric: string }>> = {
  startup: { experiment: 'startup', metric: 'ready' },
  disk: { experiment: 'disk', metric: 'image' },
};

const TONES: Readonly<Record<string, Tone>> = { none: 'native', container: 'container', sandbox: 'sandbox', vm: 'vm' };

/** The views of all runners of the result, and the harness's. */
class Runners {
  readonly #views = new Map<string, RunnerView>();
  readonly #isolations = new Map<string, string>();
  readonly #emulated = new Set<string>();

  constructor(result: Result) {
    for (const { as, title, isolation, accel } of result.runners) {
      const emulated = accel === 'tcg';
      const sameTitle = result.runners.filter((other) => other.title === title).length > 1;
      this.#views.set(as, {
        id: as,
        label: emulated ? (sameTitle ? `${title}: ${as}` : title) : as,
        title,
        tone: emulated ? 'emulated' : (TONES[isolation] ?? 'vm'),
      });
      this.#isolations.set(as, isolation);
      if (emulated) this.#emulated.add(as);
    }
    this.#views.set(HARNESS, { id: HARNESS, label: 'harness', title: "the harness's own cost", tone: 'harness' });
  }

  view(id: string): RunnerView {
    return this.#views.get(id) ?? { id, label: id, title: id, tone: 'native' };
  }

  /** The kind of column in which a runner's values stand; null for native, which is neither. */
  column(id: string): Column | null {
    const isolation = this.#isolations.get(id);
    if (isolation === 'vm') return 'vm';
    return isolation === 'container' || isolation === 'sandbox' ? 'container' : null;
  }

  /**
   * Whether a value stands apart: of an emulated runner only what is assessable stands with the others, whatever else is
   * wrong with the rest.
   */
  apart(cell: Cell): boolean {
    return cell.status === 'emulated' || (this.#emulated.has(cell.runner) && cell.status !== 'assessable');
  }
}

function mainMetric(claim: ClaimResult, cells: readonly Cell[]): { experiment: string; metric: string } | null {
  const known = MAIN[claim.id];
  if (known) return known;
  const keys = new Set(claim.halves.flatMap((half) => half.evidence));
  return cells.find((cell) => keys.has(cell.key)) ?? null;
}

function halfView(result: Result, runners: Runners, about: readonly Cell[], half: ClaimHalf): HalfView {
  const id = result.columns[half.column];
  const own = about.filter((cell) => cell.runner === id);
  return {
    source: half.source,
    verdict: half.verdict,
    reason: half.reason,
    runner: id === null ? null : runners.view(id),
    measured: own.filter((cell) => !runners.apart(cell)),
    emulated: own.some((cell) => runners.apart(cell)),
    evidence: half.evidence.flatMap((key) => result.cells.find((cell) => cell.key === key) ?? []),
  };
}

function tableRow(result: Result, runners: Runners, claim: ClaimResult): TableRow {
  const main = mainMetric(claim, result.cells);
  const about = result.cells.filter((cell) => cell.experiment === main?.experiment && cell.metric === main.metric);
  const half = (column: Column): HalfView | null => {
    const found = claim.halves.find((candidate) => candidate.column === column);
    return found ? halfView(result, runners, about, found) : null;
  };
  const standing = [result.columns.container, result.columns.vm, HARNESS];
  return {
    id: claim.id,
    feature: claim.feature,
    halves: { container: half('container'), vm: half('vm') },
    others: about
      .filter((cell) => !standing.includes(cell.runner) && !runners.apart(cell))
      .map((cell) => ({ cell, runner: runners.view(cell.runner), column: runners.column(cell.runner) })),
  };
}

/** Pure; keeps the result's order throughout. */
export function viewOf(result: Result): ReportView {
  const runners = new Runners(result);
  const entries = result.cells.map((cell) => ({ cell, runner: runners.view(cell.runner) }));
  const ordinary = entries.filter(({ cell }) => cell.runner !== HARNESS && !runners.apart(cell));
  const emulated = entries.filter(({ cell }) => cell.runner !== HARNESS && runners.apart(cell));
  return {
    runners: result.runners.map(({ as }) => runners.view(as)),
    runner: (id) => runners.view(id),
    table: result.claims.map((claim) => tableRow(result, runners, claim)),
    ratios: ordinary.flatMap(({ cell, runner }) =>
      cell.ratioToNative ? [{ cell, runner, ratio: cell.ratioToNative }] : [],
    ),
    ordinary,
    emulated: [...Map.groupBy(emulated, ({ runner }) => runner)].map(([runner, group]) => ({
      runner,
      cells: group.map(({ cell }) => cell),
    })),
    harness: entries.filter(({ cell }) => cell.runner === HARNESS),
  };
}

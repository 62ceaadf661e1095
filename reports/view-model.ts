import type { Cell, ClaimHalf, ClaimResult, RatioToNative, Result } from '../bench/model/result.ts';
import { endedBy } from './ramps.ts';
import { type Shows, type Subject, subjectOf } from './subjects.ts';
import { ruleIn, titleIn } from './titles.ts';
import type { Lang } from './words.ts';

/** What every renderer shows, decided once: which value stands where, and what stands apart. Texts are still as they came. */

export const NATIVE = 'native';
/** The harness's own cost: never a row of the table. */
export const HARNESS = 'null';

export type Column = ClaimHalf['column'];
/** A column of the table: those that the source speaks of, and one for sandboxes where some ran. */
export type Place = Column | 'sandbox';
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
  readonly reason: ClaimHalf['reason'];
  readonly withoutMarked: ClaimHalf['withoutMarked'];
  /** Which runner stands for the column; null where none ran. */
  readonly runner: RunnerView | null;
  /** What decides the row, one cell a workload and metric; without emulated ones. */
  readonly measured: readonly Cell[];
  /** What stands beside and decides nothing, such as a projection; without emulated ones. */
  readonly beside: readonly Cell[];
  /** Its values are emulated and stand apart. */
  readonly emulated: boolean;
  readonly evidence: readonly Cell[];
}

export interface TableRow {
  readonly id: string;
  readonly feature: ClaimResult['feature'];
  /** Whether its cells are shown by their values or by their ratios to native. */
  readonly shows: Shows;
  readonly halves: Readonly<Record<Column, HalfView | null>>;
  /** The deciding cells of sandboxes that stand for no column: the source does not speak of them. */
  readonly sandboxes: readonly Entry[];
  /** The deciding cells of other runners that stand for no column; `column` says which kind they are. */
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
  /** The table's columns of values, in their order. */
  readonly places: readonly Place[];
  /** Sandboxes that stand for no column, in the run's order. */
  readonly sandboxes: readonly RunnerView[];
  readonly ratios: readonly RatioEntry[];
  /** Everything that is neither emulated nor the harness's own. */
  readonly ordinary: readonly Entry[];
  readonly emulated: readonly EmulatedGroup[];
  readonly harness: readonly Entry[];
  /** What a reader knows a cell's quantity by: its metric, after the program where the run had several. */
  readonly nameOf: (cell: Cell) => string;
  /** The rules that ended the ramps behind a count of instances, with how often; null for any other cell. */
  readonly endedBy: (cell: Cell) => string | null;
}

const PLACES: readonly Place[] = ['container', 'sandbox', 'vm'];

const TONES: Readonly<Record<string, Tone>> = { none: 'native', container: 'container', sandbox: 'sandbox', vm: 'vm' };

const HARNESS_LABEL: Readonly<Record<Lang, string>> = { en: 'harness', zh: '测试程序' };

const NESTED: Readonly<Record<Lang, string>> = { en: ' (nested)', zh: '（嵌套）' };

/** The views of all runners of the result, and the harness's. */
class Runners {
  readonly #views = new Map<string, RunnerView>();
  readonly #isolations = new Map<string, string>();
  readonly #emulated = new Set<string>();

  constructor(result: Result, lang: Lang) {
    for (const { as, title: english, isolation, accel, capabilities } of result.runners) {
      const title = titleIn(lang, english);
      const emulated = accel === 'tcg';
      const sameTitle = result.runners.filter((other) => other.title === english).length > 1;
      this.#views.set(as, {
        id: as,
        label: emulated
          ? sameTitle
            ? `${title}: ${as}`
            : title
          : `${as}${capabilities.nested === true ? NESTED[lang] : ''}`,
        title,
        tone: emulated ? 'emulated' : (TONES[isolation] ?? 'vm'),
      });
      this.#isolations.set(as, isolation);
      if (emulated) this.#emulated.add(as);
    }
    const title = titleIn(lang, "the harness's own cost");
    this.#views.set(HARNESS, { id: HARNESS, label: HARNESS_LABEL[lang], title, tone: 'harness' });
  }

  view(id: string): RunnerView {
    return this.#views.get(id) ?? { id, label: id, title: id, tone: 'native' };
  }

  /** The column in which a runner's values stand; null for native, which is of no kind. */
  column(id: string): Place | null {
    const isolation = this.#isolations.get(id);
    return PLACES.find((place) => place === isolation) ?? null;
  }

  /**
   * Whether a value stands apart: of an emulated runner only what is assessable stands with the others, whatever else is
   * wrong with the rest.
   */
  apart(cell: Cell): boolean {
    return cell.status === 'emulated' || (this.#emulated.has(cell.runner) && cell.status !== 'assessable');
  }
}

function halfView(result: Result, runners: Runners, subject: Subject, half: ClaimHalf): HalfView {
  const id = result.columns[half.column];
  const own = result.cells.filter((cell) => cell.runner === id);
  const about = own.filter(subject.decides);
  return {
    source: half.source,
    verdict: half.verdict,
    reason: half.reason,
    withoutMarked: half.withoutMarked,
    runner: id === null ? null : runners.view(id),
    measured: about.filter((cell) => !runners.apart(cell)),
    beside: own.filter((cell) => subject.beside(cell) && !runners.apart(cell)),
    emulated: about.some((cell) => runners.apart(cell)),
    evidence: half.evidence.flatMap((key) => result.cells.find((cell) => cell.key === key) ?? []),
  };
}

function tableRow(result: Result, runners: Runners, claim: ClaimResult): TableRow {
  const subject = subjectOf(claim, result.cells);
  const half = (column: Column): HalfView | null => {
    const found = claim.halves.find((candidate) => candidate.column === column);
    return found ? halfView(result, runners, subject, found) : null;
  };
  const standing = [result.columns.container, result.columns.vm, HARNESS];
  // Native has no ratio to itself.
  const left = subject.shows === 'ratio' ? [...standing, NATIVE] : standing;
  const beside = result.cells
    .filter((cell) => subject.decides(cell) && !left.includes(cell.runner) && !runners.apart(cell))
    .map((cell) => ({ cell, runner: runners.view(cell.runner), place: runners.column(cell.runner) }));
  return {
    id: claim.id,
    feature: claim.feature,
    shows: subject.shows,
    halves: { container: half('container'), vm: half('vm') },
    sandboxes: beside.filter(({ place }) => place === 'sandbox').map(({ cell, runner }) => ({ cell, runner })),
    others: beside.flatMap(({ cell, runner, place }) => (place === 'sandbox' ? [] : [{ cell, runner, column: place }])),
  };
}

/** Pure; keeps the result's order throughout. @param lang of the names that tare itself gives. */
export function viewOf(result: Result, lang: Lang = 'en'): ReportView {
  const runners = new Runners(result, lang);
  const programs = new Set(result.cells.map(({ workload }) => workload));
  const entries = result.cells.map((cell) => ({ cell, runner: runners.view(cell.runner) }));
  const ordinary = entries.filter(({ cell }) => cell.runner !== HARNESS && !runners.apart(cell));
  const emulated = entries.filter(({ cell }) => cell.runner !== HARNESS && runners.apart(cell));
  const standing = Object.values(result.columns);
  const sandboxes = result.runners.filter(({ as }) => runners.column(as) === 'sandbox' && !standing.includes(as));
  return {
    runners: result.runners.map(({ as }) => runners.view(as)),
    runner: (id) => runners.view(id),
    table: result.claims.map((claim) => tableRow(result, runners, claim)),
    places: PLACES.filter((place) => place !== 'sandbox' || sandboxes.length > 0),
    sandboxes: sandboxes.map(({ as }) => runners.view(as)),
    ratios: ordinary.flatMap(({ cell, runner }) =>
      cell.ratioToNative ? [{ cell, runner, ratio: cell.ratioToNative }] : [],
    ),
    ordinary,
    emulated: [...Map.groupBy(emulated, ({ runner }) => runner)].map(([runner, group]) => ({
      runner,
      cells: group.map(({ cell }) => cell),
    })),
    harness: entries.filter(({ cell }) => cell.runner === HARNESS),
    nameOf: ({ workload, metric }) => (programs.size > 1 ? `${workload} ${metric}` : metric),
    endedBy: (cell) => endedBy(result, cell, (rule) => ruleIn(lang, rule)),
  };
}

import type { JournalEvent } from '../model/journal.ts';
import type { Cell, ClaimHalf, ClaimResult } from '../model/result.ts';

/** What is left of the evidence when blocks in which a guard tripped are put aside, and what would be concluded from that. */

interface Place {
  readonly experiment: string;
  readonly workload: string;
}

/** The measured blocks of a run in which a guard tripped, for all runners or for one of them. */
export class Marks {
  readonly #blocks = new Map<string, Set<number>>();

  constructor(events: readonly JournalEvent[]) {
    for (const event of events) {
      if (event.type !== 'guard' || !event.tripped || event.phase !== 'measured') continue;
      const key = keyOf(event, event.runner);
      this.#blocks.set(key, (this.#blocks.get(key) ?? new Set()).add(event.block));
    }
  }

  get none(): boolean {
    return this.#blocks.size === 0;
  }

  /** Whether any block of this runner is marked there. */
  concern(place: Place, runner: string): boolean {
    return this.#blocks.has(keyOf(place, undefined)) || this.#blocks.has(keyOf(place, runner));
  }

  /** The evidence without the values, failures and ramps of marked blocks. */
  without(events: readonly JournalEvent[]): readonly JournalEvent[] {
    return events.filter((event) => {
      if (event.type !== 'sample' && event.type !== 'failure' && event.type !== 'ramp') return true;
      if (event.phase !== 'measured') return true;
      const marked = [undefined, event.runner].some((runner) =>
        this.#blocks.get(keyOf(event, runner))?.has(event.block),
      );
      return !marked;
    });
  }
}

function keyOf({ experiment, workload }: Place, runner: string | undefined): string {
  return JSON.stringify([experiment, workload, runner]);
}

/** Beside each cell that a mark concerns, on its own side or on native's, what the other blocks give. */
export function besideMarked(
  cells: readonly Cell[],
  kept: readonly Cell[],
  marks: Marks,
  native: string,
): readonly Cell[] {
  const rest = new Map(kept.map((cell) => [cell.key, cell]));
  return cells.map((cell) => {
    const concerned = marks.concern(cell, cell.runner) || (cell.ratioToNative !== null && marks.concern(cell, native));
    if (!concerned) return cell;
    const { n, median, ratioToNative } = rest.get(cell.key) ?? { n: 0, median: null, ratioToNative: null };
    return { ...cell, withoutMarked: { n, median, ratioToNative } };
  });
}

/** Beside each half whose evidence a mark concerns, or that would end otherwise, what would be concluded from the other blocks. */
export function claimsBesideMarked(
  claims: readonly ClaimResult[],
  kept: readonly ClaimResult[],
  cells: readonly Cell[],
): readonly ClaimResult[] {
  const concerned = new Set(cells.filter(({ withoutMarked }) => withoutMarked !== null).map(({ key }) => key));
  return claims.map((claim, row) => {
    const beside = (half: ClaimHalf, index: number): ClaimHalf => {
      const other = kept[row]?.halves[index];
      if (other === undefined) return half;
      const touched = half.evidence.some((key) => concerned.has(key)) || other.verdict !== half.verdict;
      if (!touched) return half;
      return { ...half, withoutMarked: { verdict: other.verdict, reason: other.reason } };
    };
    return { ...claim, halves: claim.halves.map(beside) };
  });
}

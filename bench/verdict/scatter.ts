import type { Bundle } from '../journal/read.ts';
import { ConfigError, UnsupportedError } from '../errors.ts';
import { componentsOf } from '../stats/components.ts';
import { strangers } from './kinship.ts';
import { deriveResult } from './result.ts';
import { Series } from './series.ts';

/** Where the scatter of one cell comes from, over several runs; standard deviations on the log scale. */
export interface ScatterCell {
  readonly key: string;
  /** Between operations of one start; null where none has several. */
  readonly operation: number | null;
  /** Between starts of one session, beyond what operations explain. */
  readonly restart: number | null;
  /** Between sessions, beyond what starts explain. */
  readonly session: number | null;
  readonly starts: number;
}

/** What `tare scatter --json` prints. */
export interface Scatter {
  readonly schema: 'tare-scatter-1';
  readonly runs: readonly string[];
  readonly cells: readonly ScatterCell[];
}

/** One component over sessions: the root of its mean variance; null where no session has one. */
function typical(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : Math.sqrt(known.reduce((sum, value) => sum + value ** 2, 0) / known.length);
}

/**
 * The components of every cell that all of these runs have.
 * @throws ConfigError `FEW_RUNS` for fewer than two; UnsupportedError `NOT_COMPARABLE` for runs of different hosts, images, sizes or
 * accelerators.
 */
export function scatterOf(bundles: readonly Bundle[]): Scatter {
  const [first, ...others] = bundles;
  if (!first || others.length === 0) {
    throw new ConfigError('FEW_RUNS', 'how much sessions differ takes two runs at least', {
      hint: 'one run alone has the scatter of operations and starts in its result.json',
    });
  }
  const unlike = others.flatMap((other) => strangers(first.manifest, other.manifest));
  if (unlike.length > 0) {
    throw new UnsupportedError(
      'NOT_COMPARABLE',
      `these runs have nothing to do with each other: ${unlike.map(({ what, a, b }) => `${what} is ${a} and ${b}`).join('; ')}`,
      { hint: 'take runs of one host, with one image and the same accelerator' },
    );
  }
  const sessions = bundles.map(({ manifest, events }) => ({
    series: new Series(events),
    cells: new Map(deriveResult({ manifest, events }).cells.map((cell) => [cell.key, cell])),
  }));
  const cells = [...(sessions[0]?.cells.values() ?? [])].flatMap((cell): readonly ScatterCell[] => {
    if (!sessions.every(({ cells: own }) => (own.get(cell.key)?.n ?? 0) > 0)) return [];
    const key = { ...cell, phase: 'measured' } as const;
    const values = sessions.map(({ series }) =>
      series.blockValues(key).flatMap(({ value }) => (value === 'failed' ? [] : [value])),
    );
    const within = sessions.map(({ cells: own }) => own.get(cell.key)?.scatter);
    return [
      {
        key: cell.key,
        operation: typical(within.map((scatter) => scatter?.operation)),
        restart: typical(within.map((scatter) => scatter?.restart)),
        session: componentsOf(values)?.restart ?? null,
        starts: values.flat().length,
      },
    ];
  });
  return { schema: 'tare-scatter-1', runs: bundles.map(({ manifest: { runId } }) => runId), cells };
}

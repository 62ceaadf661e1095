import { NODE_LAYER } from '../model/image.ts';
import type { Measurement, Placement, Workload } from '../model/workload.ts';
import { sleeper } from './sleeper.ts';
import { parseSuite, suiteMetrics } from './suite-output.ts';
import { loadUserSuite, type UserSuite } from './user-suite.ts';

/** The tasks of `suite/shipped.bench.ts`, in order. */
export const SHIPPED_TASKS = ['JSON parse', 'JSON stringify', 'SHA-256', 'gzip', 'zstd', 'sort', 'file', 'pipe'];

/** Below it V8 has hardly begun to optimise; above it a short task's samples fill an instance's memory. */
const TASK_MS = { least: 50, most: 1000 } as const;

/** How much longer than its time a task may take, for slow instances, and what the start of Node may take under emulation. */
const PATIENCE = 40;
const START_MS = 120_000;

export interface TinybenchOptions {
  /** Path of the user's suite; null: the shipped one. */
  readonly suite: string | null;
  /** Milliseconds of one operation, shared among the tasks. */
  readonly operationTimeMs: number;
  readonly signal: AbortSignal;
}

/** Milliseconds of one task. */
function taskTime(operationTimeMs: number, tasks: number): number {
  return Math.round(Math.min(TASK_MS.most, Math.max(TASK_MS.least, operationTimeMs / tasks)));
}

function suiteMeasurement(names: readonly string[], timeMs: number, own: UserSuite | null): Measurement {
  const place = ({ dataDir }: Placement) => (own ? `${dataDir}/suite.bench${own.extension}` : NODE_LAYER.shipped);
  return {
    id: 'suite',
    client: 'inside',
    metrics: suiteMetrics(names),
    ...(own && {
      prepare: (placement) => [{ argv: ['/bin/sh', '-c', 'cat > "$1"', 'sh', place(placement)], input: own.text }],
    }),
    call: ({ placement }) => ({
      argv: [
        ...[NODE_LAYER.node, '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', NODE_LAYER.runner],
        ...['--time', String(timeMs), '--data', placement.dataDir, place(placement)],
      ],
    }),
    operations: 1,
    timeoutMs: START_MS + PATIENCE * timeMs * names.length,
    parse: (stdout) => parseSuite(stdout, names),
  };
}

function workloadOf(names: readonly string[], operationTimeMs: number, own: UserSuite | null): Workload {
  const timeMs = taskTime(operationTimeMs, names.length);
  return {
    id: 'tinybench',
    title: own ? `tinybench: ${own.fileName}` : 'tinybench',
    settings: {
      suite: own ? own.fileName : 'shipped',
      ...(own && { suiteSha256: own.sha256 }),
      taskTimeMs: timeMs,
      warmUpMs: timeMs / 2,
    },
    flavour: 'node',
    entry: sleeper('tinybench'),
    fill: () => [],
    fillBytes: 0,
    measurements: [suiteMeasurement(names, timeMs, own)],
  };
}

/** tare's own suite; its tasks are known beforehand. */
export function shippedSuite(operationTimeMs: number): Workload {
  return workloadOf(SHIPPED_TASKS, operationTimeMs, null);
}

/**
 * The shipped suite or the user's, which is loaded once on this host to learn its tasks, and copied into every instance.
 * @throws ConfigError with the file's name; InterruptedError.
 */
export async function tinybenchWorkload({ suite, operationTimeMs, signal }: TinybenchOptions): Promise<Workload> {
  if (suite === null) return shippedSuite(operationTimeMs);
  const own = await loadUserSuite(suite, signal);
  return workloadOf(own.names, operationTimeMs, own);
}

import { StartError } from '../../bench/errors.ts';
import { sinceLaunch } from '../../bench/model/mark.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { delay } from '../../bench/proc/clock.ts';
import { type ContractRule, demand, leavesNothing, supported, thrownBy, type Trial } from './subject.ts';

/** Enough to reach the entry point once more: several times what a start took, and never less than this. */
const SHORTEST_DEADLINE_MS = 2000;
const DEADLINE_FACTOR = 3;
/** When starts are interrupted: before they begin, at their beginning, and half-way to where they would be ready. */
const INTERRUPTIONS = [0, 0.05, 0.5] as const;

function entryOf(workload: string, argv: readonly string[]): EntryPoint {
  return {
    workload,
    defaultPort: 6379,
    argv: () => argv,
    ready: (placement) => ({ protocol: 'redis', port: placement.port }),
  };
}

const NEVER_READY = entryOf('never-ready', ['/bin/sleep', '600']);

/** Milliseconds that a start took to be ready. */
async function readyMs(trial: Trial): Promise<number> {
  return (sinceLaunch((await trial.pair()).first.marks, 'ready') ?? 0) / 1e6;
}

/** Starts an entry that cannot become ready and checks the failure's form. */
async function failingStart(trial: Trial, entry: EntryPoint, run: RunContext, index: number): Promise<StartError> {
  await using prepared = await trial.runner.prepare({ ...trial.spec, entry }, run);
  let error: unknown;
  await leavesNothing(trial, async () => {
    error = await thrownBy(() => prepared.start(run, index));
  });
  demand(error instanceof StartError, `a failed start must throw StartError, not ${String(error)}`);
  demand(
    error.marks.some((mark) => mark.name === 'launched'),
    'a failed start must keep the marks that it reached',
  );
  demand(!error.marks.some((mark) => mark.name === 'ready'), 'a failed start must not claim to be ready');
  return error;
}

/** Starts that fail, each in its own way. */
export const FAILING_RULES: readonly ContractRule[] = [
  {
    name: 'an entry that ends at once is a failed start',
    async check(trial) {
      const error = await failingStart(trial, entryOf('ends-at-once', ['/bin/false']), trial.run, 9010);
      demand(error.code !== 'MARK_TIMEOUT', 'the failure must be noticed when it happens, not at the deadline');
    },
  },
  {
    name: 'an entry that never answers is a failed start at the deadline, and leaves nothing',
    async check(trial) {
      const { capabilities } = await supported(trial);
      const deadlineMs = Math.max(SHORTEST_DEADLINE_MS, DEADLINE_FACTOR * (await readyMs(trial)));
      const run = { ...trial.run, startTimeoutMs: Math.round(Math.min(deadlineMs, trial.run.startTimeoutMs)) };
      const error = await failingStart(trial, NEVER_READY, run, 9011);
      demand(
        error.marks.some((mark) => mark.name === 'exec') === capabilities.marks.includes('exec'),
        'the marks reached must be kept',
      );
    },
  },
  {
    name: 'an interrupted start throws and leaves nothing, whenever it comes',
    async check(trial) {
      const typicalMs = await readyMs(trial);
      for (const [at, share] of INTERRUPTIONS.entries()) {
        const abort = new AbortController();
        const run = { ...trial.run, signal: AbortSignal.any([trial.run.signal, abort.signal]) };
        await using prepared = await trial.runner.prepare({ ...trial.spec, entry: NEVER_READY }, run);
        await leavesNothing(trial, async () => {
          const interrupt = () => abort.abort();
          if (share === 0) interrupt();
          else void delay(Math.max(1, share * typicalMs)).then(interrupt);
          const error = await thrownBy(() => prepared.start(run, 9012 + at));
          demand(error !== undefined, 'an interrupted start must throw');
        });
      }
    },
  },
];

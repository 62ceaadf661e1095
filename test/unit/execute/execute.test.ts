import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resolveConfig } from '../../../bench/config/load.ts';
import { lineUp } from '../../../bench/execute/active.ts';
import { execute, type Observer } from '../../../bench/execute.ts';
import { startupExperiment } from '../../../bench/experiments/startup.ts';
import { parseJournal } from '../../../bench/journal/read.ts';
import { Journal } from '../../../bench/journal/write.ts';
import type { FailureEvent, JournalEvent, SampleEvent } from '../../../bench/model/journal.ts';
import type { Runner, RunContext } from '../../../bench/model/runner.ts';
import { redis } from '../../../bench/workloads/redis.ts';
import { type FakeOptions, fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

const SILENT: Observer = { planned: () => {}, turn: () => {}, block: () => {} };

interface Options {
  readonly runners: readonly Runner[];
  readonly settings?: readonly string[];
  readonly run?: RunContext;
  readonly observer?: Observer;
}

/** Runs startup over fakes and gives back what the journal's file holds. */
async function journalOf(t: ExecutionContext, options: Options): Promise<readonly JournalEvent[]> {
  const bundle = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(bundle, { recursive: true }));
  const config = resolveConfig({ settings: ['profile=smoke', 'maxBlocks=4', ...(options.settings ?? [])] });
  const run = options.run ?? fakeRun();
  await using stack = new AsyncDisposableStack();
  const { active } = await lineUp(options.runners, fakeSpec(), run, stack, () => {});
  using journal = new Journal(bundle);
  const experiments = [startupExperiment({ pilotBlocks: config.pilotBlocks, stopTimeoutMs: 1000 })];
  const scope = { run, bundle, workload: redis };
  const observer = options.observer ?? SILENT;
  const read = () => parseJournal(readFileSync(join(bundle, 'journal.ndjson'), 'utf8')).events;
  try {
    await execute({
      config,
      experiments,
      active,
      harness: null,
      scope,
      journal,
      observer,
      level: 0.95,
      onFrozen: () => {},
    });
  } catch (error) {
    if (!run.signal.aborted) throw error;
  }
  t.true(readdirSync(bundle).includes('journal.ndjson'));
  return read();
}

function samplesOf(events: readonly JournalEvent[], metric: string, runner?: string): readonly SampleEvent[] {
  return events.filter(
    (event): event is SampleEvent =>
      event.type === 'sample' && event.metric === metric && (runner === undefined || event.runner === runner),
  );
}

function failuresOf(events: readonly JournalEvent[]): readonly FailureEvent[] {
  return events.filter((event) => event.type === 'failure');
}

function fakes(...all: readonly FakeOptions[]): readonly Runner[] {
  return all.map((options) => fakeRunner(options));
}

test('every block has one fresh instance of every runner, at every position over a square', async (t) => {
  const runners = fakes({ id: 'native' }, { id: 'one' }, { id: 'two' }, { id: 'three' });
  const events = await journalOf(t, { runners });
  const ready = samplesOf(events, 'ready');
  t.is(ready.length, 16);
  for (const runner of ['native', 'one', 'two', 'three']) {
    const positions = ready.filter((sample) => sample.runner === runner).map((sample) => sample.position);
    t.deepEqual(
      positions.toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    );
  }
  t.is(new Set(ready.map((sample) => sample.instance)).size, 16);
});

test('the same seed gives the same order, another seed another', async (t) => {
  const order = async (seed: number) => {
    const runners = fakes({ id: 'native' }, { id: 'one' }, { id: 'two' }, { id: 'three' });
    const events = await journalOf(t, { runners, settings: [`seed=${seed}`, 'maxBlocks=8'] });
    return events.flatMap((event) => (event.type === 'block' ? [event.order.join()] : []));
  };
  t.deepEqual(await order(7), await order(7));
  t.notDeepEqual(await order(7), await order(8));
});

test('blocks take turns in how an instance ends', async (t) => {
  const events = await journalOf(t, { runners: fakes({ id: 'native' }) });
  t.deepEqual(
    samplesOf(events, 'stop').map((sample) => sample.block),
    [0, 2],
  );
  t.deepEqual(
    samplesOf(events, 'kill').map((sample) => sample.block),
    [1, 3],
  );
});

test('a failed start is counted with the marks it reached, and nothing is made up for it', async (t) => {
  const failing = { id: 'one', failStart: (start: number) => (start === 1 ? 'BROKE' : undefined) };
  const events = await journalOf(t, { runners: fakes({ id: 'native' }, failing) });
  const [failure, ...more] = failuresOf(events);
  t.is(more.length, 0);
  t.is(failure?.code, 'BROKE');
  t.is(failure?.stage, 'start');
  t.deepEqual(failure?.metrics, ['api', 'exec', 'ready', 'cpu']);
  t.deepEqual(Object.keys(failure?.marks ?? {}), ['launched', 'api', 'exec']);
  t.is(samplesOf(events, 'ready', 'one').length, 3);
  t.is(samplesOf(events, 'ready', 'native').length, 4);
});

test('a runner that never starts is given up, and every block of it still counts as failed', async (t) => {
  let starts = 0;
  const failing = { id: 'one', failStart: () => `BROKE_${starts++}` };
  const events = await journalOf(t, { runners: fakes({ id: 'native' }, failing), settings: ['maxBlocks=8'] });
  const failures = failuresOf(events);
  t.is(starts, 5);
  t.is(failures.filter((failure) => failure.metrics.includes('ready')).length, 8);
  t.is(failures.filter((failure) => failure.code === 'GIVEN_UP').length, 3);
  t.is(samplesOf(events, 'ready', 'native').length, 8);
});

test('an ending that fails costs that metric alone', async (t) => {
  const failing = { id: 'one', failEnd: (start: number) => (start === 0 ? 'STUCK' : undefined) };
  const events = await journalOf(t, { runners: fakes({ id: 'native' }, failing) });
  const [failure] = failuresOf(events);
  t.deepEqual(failure?.metrics, ['stop']);
  t.is(failure?.stage, 'end');
  t.is(samplesOf(events, 'ready', 'one').length, 4);
});

test('a runner that cannot run here does not keep the others from running', async (t) => {
  const unsupported = { ok: false, code: 'NO', reason: 'no such thing', hint: 'get one' } as const;
  const runners = fakes({ id: 'native' }, { id: 'one', unsupported });
  await using stack = new AsyncDisposableStack();
  const { active, unavailable } = await lineUp(runners, fakeSpec(), fakeRun(), stack, () => {});
  t.deepEqual(
    active.map((entry) => entry.support.as),
    ['native'],
  );
  t.deepEqual(unavailable, [{ id: 'one', code: 'NO', reason: 'no such thing', hint: 'get one' }]);
});

test('an interruption ends the run between two instances and leaves no instance', async (t) => {
  const abort = new AbortController();
  const native = fakeRunner({ id: 'native' });
  const observer = { ...SILENT, turn: (_e: string, _r: string, block: number) => void (block === 2 && abort.abort()) };
  const events = await journalOf(t, { runners: [native], run: fakeRun({ signal: abort.signal }), observer });
  t.is(native.alive.size, 0);
  t.is(events.filter((event) => event.type === 'block').length, 2);
  t.is(failuresOf(events).length, 0);
});

test('the pilot is kept apart from what is measured, and the number of blocks is frozen between them', async (t) => {
  const events = await journalOf(t, {
    runners: fakes({ id: 'native' }, { id: 'one' }),
    settings: ['pilotBlocks=3', 'maxBlocks=20'],
  });
  const phases = samplesOf(events, 'ready', 'one').map((sample) => `${sample.phase} ${sample.block}`);
  t.deepEqual(phases.slice(0, 4), ['pilot 0', 'pilot 1', 'pilot 2', 'measured 3']);
  const frozenAt = events.findIndex((event) => event.type === 'frozen');
  const frozen = events[frozenAt];
  t.true(frozen?.type === 'frozen' && frozen.blocks === phases.length - 3);
  t.true(events.slice(0, frozenAt).every((event) => !('phase' in event) || event.phase === 'pilot'));
  t.true(events.slice(frozenAt + 1).every((event) => !('phase' in event) || event.phase === 'measured'));
});

test('a number that is none is a failure, not a sample', async (t) => {
  const broken = fakeRunner({ id: 'one' });
  const runner: Runner = {
    ...broken,
    prepare: async (spec, run) => {
      const prepared = await broken.prepare(spec, run);
      const start = async (context: RunContext, index: number) => {
        const instance = await prepared.start(context, index);
        return { ...instance, ping: async () => Number.NaN };
      };
      return { ...prepared, start, [Symbol.asyncDispose]: async () => {} };
    },
  };
  const events = await journalOf(t, { runners: [runner] });
  t.is(samplesOf(events, 'channel').length, 0);
  t.deepEqual(
    failuresOf(events).map((failure) => failure.code),
    Array(4).fill('NOT_A_NUMBER'),
  );
});

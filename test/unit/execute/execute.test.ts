import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resolveConfig } from '../../../bench/config/load.ts';
import { type ChosenRunner, lineUp } from '../../../bench/execute/active.ts';
import { execute, type Observer } from '../../../bench/execute.ts';
import type { Experiment } from '../../../bench/model/experiment.ts';
import { delay } from '../../../bench/proc/clock.ts';
import { startupExperiment } from '../../../bench/experiments/startup.ts';
import { parseJournal } from '../../../bench/journal/read.ts';
import { Journal } from '../../../bench/journal/write.ts';
import type { FailureEvent, JournalEvent, SampleEvent } from '../../../bench/model/journal.ts';
import type { Prepared, Runner, RunContext } from '../../../bench/model/runner.ts';
import { redis } from '../../../bench/workloads/redis.ts';
import { type FakeOptions, fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

const SPECS = [{ workload: redis.id, spec: fakeSpec(), emulatedToo: true }];
const SILENT: Observer = { planned: () => {}, turn: () => {}, block: () => {} };

interface Options {
  readonly runners: readonly Runner[];
  readonly settings?: readonly string[];
  readonly run?: RunContext;
  readonly observer?: Observer;
  readonly adapt?: (experiment: Experiment) => Experiment;
}

function chosen(runners: readonly Runner[]): readonly ChosenRunner[] {
  return runners.map((runner) => ({ runner, options: {} }));
}

/** Runs startup over fakes and gives back what the journal's file holds. */
async function journalOf(t: ExecutionContext, options: Options): Promise<readonly JournalEvent[]> {
  const bundle = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(bundle, { recursive: true }));
  const config = resolveConfig({ settings: ['profile=smoke', 'maxBlocks=4', ...(options.settings ?? [])] });
  const run = options.run ?? fakeRun();
  await using stack = new AsyncDisposableStack();
  const { active } = await lineUp(chosen(options.runners), SPECS, run, stack, () => {});
  using journal = new Journal(bundle);
  const startup = startupExperiment({ workload: redis, pilotBlocks: config.pilotBlocks, stopTimeoutMs: 1000 });
  const experiments = [options.adapt?.(startup) ?? startup];
  const scope = { run, bundle, spread: [[1]] };
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
  t.deepEqual(failure?.metrics, ['api', 'exec', 'ready', 'reachable', 'cpu']);
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
  const { active, unavailable } = await lineUp(chosen(runners), SPECS, fakeRun(), stack, () => {});
  t.deepEqual(
    active.map((entry) => entry.support.as),
    ['native'],
  );
  t.deepEqual(unavailable, [{ id: 'one', code: 'NO', reason: 'no such thing', hint: 'get one' }]);
});

test('should KVM vanish after it was found, emulation does not take its place under the same name', async (t) => {
  const asked: string[] = [];
  const guests = (accelerator: 'kvm' | 'tcg'): Runner => {
    const fake = fakeRunner({ id: accelerator });
    return {
      ...fake,
      async probe(host) {
        const support = await fake.probe(host);
        return support.ok ? { ...support, capabilities: { ...support.capabilities, accelerator } } : support;
      },
      prepare(spec, run) {
        asked.push(`${accelerator} ${run.accel}`);
        return fake.prepare(spec, run);
      },
    };
  };
  await using stack = new AsyncDisposableStack();
  await lineUp(chosen([...fakes({ id: 'native' }), guests('kvm'), guests('tcg')]), SPECS, fakeRun(), stack, () => {});
  t.deepEqual(asked, ['kvm kvm', 'tcg tcg']);
});

test('an interruption ends the run between two instances and leaves no instance', async (t) => {
  const abort = new AbortController();
  const native = fakeRunner({ id: 'native' });
  const observer = {
    ...SILENT,
    turn: (_e: Experiment, _r: string, block: number) => void (block === 2 && abort.abort()),
  };
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
      const start: Prepared['start'] = async (context, index, options) => {
        const instance = await prepared.start(context, index, options);
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

test('an emulated runner takes its turn after the others, in the first blocks only, and in no pilot', async (t) => {
  const emulated = { id: 'tcg', capabilities: { isolation: 'vm', accelerator: 'tcg' } } as const;
  const events = await journalOf(t, {
    runners: fakes({ id: 'native' }, emulated, { id: 'one' }),
    settings: ['pilotBlocks=3', 'maxBlocks=10', 'emulatedBlocks=2'],
  });
  const samples = samplesOf(events, 'ready', 'tcg');
  t.deepEqual(
    samples.map(({ phase, block, position }) => [phase, block, position]),
    [
      ['measured', 3, 2],
      ['measured', 4, 2],
    ],
  );
  const frozen = events.find((event) => event.type === 'frozen');
  t.is(samplesOf(events, 'ready', 'one').length, 3 + (frozen?.type === 'frozen' ? frozen.blocks : 0));
});

test('an emulated runner takes no turn where it is not to be shown', async (t) => {
  const emulated = { id: 'tcg', capabilities: { isolation: 'vm', accelerator: 'tcg' } } as const;
  const adapt = (experiment: Experiment) => ({ ...experiment, emulatedToo: false });
  const events = await journalOf(t, { runners: fakes({ id: 'native' }, emulated), adapt });
  t.deepEqual([samplesOf(events, 'ready', 'tcg').length, failuresOf(events).length], [0, 0]);
  t.true(samplesOf(events, 'ready', 'native').length > 0);
});

test('what an emulated runner takes of the first block does not cut the others’ blocks', async (t) => {
  const emulated = { id: 'tcg', capabilities: { isolation: 'vm', accelerator: 'tcg' } } as const;
  const adapt = (experiment: Experiment): Experiment => ({
    ...experiment,
    pilotBlocks: 0,
    fixedBlocks: 4,
    measure: async (subject) => {
      if (subject.capabilities.accelerator === 'tcg') await delay(3000);
      await experiment.measure(subject);
    },
  });
  // Four such turns would be all of it, and the others' take next to nothing, on a busy machine as well.
  const settings = ['emulatedBlocks=1', 'budget=12s'];
  const events = await journalOf(t, { runners: fakes({ id: 'native' }, emulated), settings, adapt });
  t.is(samplesOf(events, 'ready', 'native').length, 4);
});

test('a workload in which emulated runners are not shown is not prepared for them, unless there are no others', async (t) => {
  const emulated = { id: 'tcg', capabilities: { isolation: 'vm', accelerator: 'tcg' } } as const;
  const spec = fakeSpec();
  const other = { ...spec, entry: { ...spec.entry, workload: 'other' } };
  const specs = [...SPECS, { workload: 'other', spec: other, emulatedToo: false }];
  await using stack = new AsyncDisposableStack();
  const preparedOf = async (runners: readonly Runner[]) => {
    const { active } = await lineUp(chosen(runners), specs, fakeRun(), stack, () => {});
    return active.map(({ prepared }) => [...prepared.keys()]);
  };
  t.deepEqual(await preparedOf(fakes({ id: 'native' }, emulated)), [['redis', 'other'], ['redis']]);
  t.deepEqual(await preparedOf(fakes(emulated)), [['redis', 'other']]);
});

test('emulated runners alone take every turn', async (t) => {
  const emulated = { id: 'tcg', capabilities: { isolation: 'vm', accelerator: 'tcg' } } as const;
  const events = await journalOf(t, { runners: fakes(emulated), settings: ['emulatedBlocks=1'] });
  t.is(samplesOf(events, 'ready', 'tcg').length, 4);
});

test('a workload that a runner could not prepare fails for it alone, and is counted', async (t) => {
  const one = fakeRunner({ id: 'one' });
  const picky: Runner = {
    ...one,
    prepare: async (spec, run) => {
      if (spec.entry.workload === 'other') throw new RangeError('no such thing');
      return await one.prepare(spec, run);
    },
  };
  const spec = fakeSpec();
  const specs = [
    ...SPECS,
    {
      workload: 'other',
      spec: { ...spec, entry: { ...spec.entry, workload: 'other' } },
      emulatedToo: true,
    },
  ];
  await using stack = new AsyncDisposableStack();
  const { active, unavailable } = await lineUp(chosen([picky]), specs, fakeRun(), stack, () => {});
  t.deepEqual([...(active[0]?.prepared.keys() ?? [])], ['redis']);
  t.deepEqual(
    unavailable.map(({ id, workload }) => [id, workload]),
    [['one', 'other']],
  );
});

import test, { type ExecutionContext } from 'ava';
import { codeOf, messageOf, ParseError } from '../../../bench/errors.ts';
import { throughputExperiment } from '../../../bench/experiments/throughput.ts';
import type { Subject } from '../../../bench/model/experiment.ts';
import type { Metric } from '../../../bench/model/metric.ts';
import type { Instance, InstanceSpec } from '../../../bench/model/runner.ts';
import type { Measurement, Workload } from '../../../bench/model/workload.ts';
import { type FakeOptions, fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

function metric(id: string): Metric {
  return { id, title: id, unit: '1/s', better: 'higher', primary: true, assessableEmulated: false };
}

/** A program that prints numbers, one for each of its metrics' operations. */
function measurement(id: string, over: Partial<Measurement> = {}): Measurement {
  return {
    ...{ id, client: 'inside', metrics: [metric(id)], operations: 1, timeoutMs: 5000 },
    call: ({ address }) => ({ argv: [`/${id}`, address] }),
    parse: (stdout) => {
      if (stdout === '') throw new ParseError('PROGRAM_OUTPUT', 'it printed nothing');
      return { [id]: stdout.split(' ').map(Number) };
    },
    ...over,
  };
}

function workload(measurements: readonly Measurement[]): Workload {
  return {
    ...{ id: 'own', title: 'own', settings: {}, flavour: 'base', fillBytes: 0, measurements },
    ...{ entry: fakeSpec().entry, fill: () => [] },
  };
}

type Guard = Parameters<Subject['guard']>;

interface Seen {
  readonly recorded: (readonly [string, number, number])[];
  readonly failed: { readonly metrics: readonly string[]; readonly code: string; readonly message: string }[];
  readonly guards: Guard[];
  /** Programs that were run, in order. */
  readonly argvs: string[];
  starts: number;
}

interface Options extends FakeOptions {
  readonly spec?: Partial<InstanceSpec>;
  readonly change?: (instance: Instance) => Partial<Instance>;
}

const says = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });

async function turn(t: ExecutionContext, of: Workload, options: Options): Promise<Seen> {
  const seen: Seen = { recorded: [], failed: [], guards: [], argvs: [], starts: 0 };
  const runner = fakeRunner({
    ...options,
    program: (argv, start) => {
      seen.argvs.push(argv.join(' '));
      return options.program?.(argv, start) ?? (argv[0] === '/bin/sync' ? says('') : undefined);
    },
  });
  const run = fakeRun();
  const prepared = await runner.prepare(fakeSpec(options.spec), run);
  const subject: Subject = {
    ...{ prepared, workload: of, spread: [[1]], block: 0, signal: run.signal },
    capabilities: { isolation: 'container', accelerator: 'none', marks: [], designed: [] },
    start: async () => {
      const instance = await prepared.start(run, seen.starts++);
      const dispose = () => instance[Symbol.asyncDispose]();
      return { ...instance, ...options.change?.(instance), [Symbol.asyncDispose]: dispose };
    },
    record: (id, value, operation = -1) => void seen.recorded.push([id, value, operation]),
    fail: (_stage, metrics, error) =>
      void seen.failed.push({ metrics, code: codeOf(error), message: messageOf(error) }),
    guard: (...guard) => void seen.guards.push(guard),
    ramp: () => t.fail('there is no ramp'),
    hostCpuNs: () => null,
  };
  await throughputExperiment({ workload: of, pilotBlocks: 3, fixedBlocks: null, emulatedToo: true }).measure(subject);
  t.is(runner.alive.size, 0, 'the instance is gone');
  t.is(seen.starts, 1);
  return seen;
}

test('an instance is measured by every program, inside and over the bridge, each told where the instance is', async (t) => {
  const seen = await turn(t, workload([measurement('one'), measurement('two', { client: 'bridge' })]), {
    program: ([program]) => says(program === '/one' ? '11' : '22'),
  });
  t.deepEqual(seen.recorded, [
    ['one', 11, 0],
    ['two', 22, 0],
  ]);
  t.deepEqual(seen.argvs, ['/one 127.0.0.1', '/two 198.18.0.2']);
  t.deepEqual(seen.failed, []);
});

test('operations are counted on, over programs run again and over values of one', async (t) => {
  let runs = 0;
  const seen = await turn(t, workload([measurement('one', { operations: 2 })]), {
    program: () => says(runs++ === 0 ? '1 2' : '3'),
  });
  t.deepEqual(seen.recorded, [
    ['one', 1, 0],
    ['one', 2, 1],
    ['one', 3, 2],
  ]);
});

test('what prepares a program runs once in an instance, and is on the disk before anything is measured', async (t) => {
  const prepare = () => [{ argv: ['/fill'] }];
  const seen = await turn(t, workload([measurement('one', { prepare }), measurement('two', { prepare })]), {
    program: () => says('1'),
  });
  t.deepEqual(seen.argvs, ['/fill', '/bin/sync', '/one 127.0.0.1', '/two 127.0.0.1']);
});

test('a program that fails costs its own metrics alone, and says why in words that can be shown', async (t) => {
  const seen = await turn(t, workload([measurement('one'), measurement('two')]), {
    program: ([program]) =>
      program === '/one'
        ? { exitCode: 3, stdout: '', stderr: `${'x'.repeat(5000)}\u001b[2J\u202ebad\nend\n` }
        : says('2'),
  });
  t.deepEqual(seen.recorded, [['two', 2, 0]]);
  t.is(seen.failed.length, 1);
  t.like(seen.failed[0], { metrics: ['one'], code: 'PROGRAM_FAILED' });
  const message = seen.failed[0]?.message ?? '';
  t.regex(message, /^\/one ended with 3: … "x+.*bad.*end"$/);
  t.regex(message, /^[^\p{C}]{10,400}$/u);
});

test('a program that says nothing on stderr is quoted from stdout', async (t) => {
  const seen = await turn(t, workload([measurement('one')]), {
    program: () => ({ exitCode: 1, stdout: 'FATAL: no', stderr: ' \n' }),
  });
  t.is(seen.failed[0]?.message, '/one ended with 1: "FATAL: no"');
});

test('what cannot be prepared is not measured', async (t) => {
  const broken = measurement('one', { prepare: () => [{ argv: ['/fill'] }] });
  const seen = await turn(t, workload([broken, measurement('two')]), {
    program: ([program]) => (program === '/fill' ? { exitCode: 1, stdout: '', stderr: 'full' } : says('2')),
  });
  t.deepEqual(seen.argvs, ['/fill', '/two 127.0.0.1']);
  t.like(seen.failed[0], { metrics: ['one'], code: 'PROGRAM_FAILED' });
  t.deepEqual(seen.recorded, [['two', 2, 0]]);
});

test('an output that cannot be read, or that lacks a metric, is a failure of all metrics of its program', async (t) => {
  const pair = measurement('pair', {
    metrics: [metric('a'), metric('b')],
    parse: () => ({ a: [1] }),
  });
  const seen = await turn(t, workload([measurement('one'), pair]), { program: () => says('') });
  t.deepEqual(
    seen.failed.map(({ metrics, code }) => [metrics, code]),
    [
      [['one'], 'PROGRAM_OUTPUT'],
      [['a', 'b'], 'NO_READING'],
    ],
  );
  t.deepEqual(seen.recorded, []);
});

test('without a network a client over the bridge is a counted failure that says so', async (t) => {
  const seen = await turn(t, workload([measurement('one'), measurement('two', { client: 'bridge' })]), {
    program: () => says('1'),
    spec: { network: 'none' },
  });
  t.deepEqual(seen.recorded, [['one', 1, 0]]);
  t.like(seen.failed[0], { metrics: ['two'], code: 'NO_NETWORK' });
  t.regex(seen.failed[0]?.message ?? '', /no network/);
});

interface Clocks {
  readonly hostNs: number;
  readonly insideNs: number;
  /** Between the shortest and the longest round trip. */
  readonly jitterNs: number;
}

/** A box whose clock goes as it likes, behind a channel whose round trips vary. */
function clocks({ hostNs, insideNs, jitterNs }: Clocks): Options {
  let pings = 0;
  return {
    program: () => says('1'),
    change: () => ({
      ping: async () => 50_000 + (pings++ === 7 ? jitterNs : 0),
      timed: async () => ({ ...says('1'), startedNs: 1000n, endedNs: 1000n + BigInt(hostNs), insideNs }),
    }),
  };
}

for (const [name, given, tripped] of [
  ['agree', { hostNs: 1e9, insideNs: 1e9, jitterNs: 0 }, false],
  ['differ by 1.9%', { hostNs: 1e9, insideNs: 0.981e9, jitterNs: 0 }, false],
  ['differ by 2.1%, inside the shorter', { hostNs: 1e9, insideNs: 0.979e9, jitterNs: 0 }, true],
  ['differ by 2.1%, inside the longer', { hostNs: 1e9, insideNs: 1.021e9, jitterNs: 0 }, true],
  ['differ by less than the channel varies', { hostNs: 1e6, insideNs: 1.5e6, jitterNs: 600_000 }, false],
  ['differ by more than the channel varies', { hostNs: 1e6, insideNs: 1.7e6, jitterNs: 600_000 }, true],
] as const) {
  test(`clocks that ${name} ${tripped ? 'trip' : 'do not trip'} the guard`, async (t) => {
    const seen = await turn(t, workload([measurement('one')]), clocks(given));
    t.deepEqual(
      seen.guards.map(([guard, is]) => [guard, is]),
      [['clock', tripped]],
    );
    t.is(seen.guards[0]?.[2], Math.abs(given.insideNs - given.hostNs) / given.hostNs);
    t.is(seen.recorded.length, 1, 'a doubt is no failure');
  });
}

test('one program of several whose clocks differ is enough', async (t) => {
  let runs = 0;
  const seen = await turn(t, workload([measurement('one', { operations: 3 })]), {
    program: () => says('1'),
    change: () => ({
      timed: async () => ({ ...says('1'), startedNs: 0n, endedNs: 1000n, insideNs: runs++ === 1 ? 2000 : 1000 }),
    }),
  });
  t.is(seen.guards[0]?.[1], true);
  t.regex(seen.guards[0]?.[3] ?? '', /worst of 3/);
});

test('where nothing is announced no clocks are compared, and no channel is asked', async (t) => {
  const seen = await turn(t, workload([measurement('one', { client: 'bridge' })]), {
    program: () => says('1'),
    change: () => ({ ping: async () => t.fail('nothing to ask') }),
  });
  t.like(seen.guards[0], ['clock', false, null]);
});

test('a pilot is run only where it decides something', (t) => {
  const of = workload([measurement('one')]);
  const open = throughputExperiment({ workload: of, pilotBlocks: 3, fixedBlocks: null, emulatedToo: true });
  const fixed = throughputExperiment({ workload: of, pilotBlocks: 3, fixedBlocks: 12, emulatedToo: true });
  t.deepEqual([open.pilotBlocks, open.fixedBlocks], [3, null]);
  t.deepEqual([fixed.pilotBlocks, fixed.fixedBlocks], [0, 12]);
  t.deepEqual(
    open.metrics.map(({ id }) => id),
    ['one'],
  );
});

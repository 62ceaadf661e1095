import test, { type ExecutionContext } from 'ava';
import { throughputExperiment } from '../../bench/experiments/throughput.ts';
import type { Capabilities, InstanceSpec, RunContext, Runner } from '../../bench/model/runner.ts';
import type { Workload } from '../../bench/model/workload.ts';
import { workloadOf } from '../../bench/workloads/registry.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { kvmDirect } from '../../runners/kvm-direct/index.ts';
import { nativeRunner } from '../../runners/native/index.ts';
import { runcRunner } from '../../runners/runc/index.ts';
import { realRun } from '../helpers/real-run.ts';
import { keptTurn, type Seen } from '../helpers/turn.ts';

const PROGRAMS = ['redis', 'memcached', 'sysbench', 'fio'] as const;
const MEMORY = 512 * 2 ** 20;
/** An emulated guest on a busy host takes its time. */
const START_TIMEOUT_MS = 120_000;
/** The shortest that still does something. */
const tiny = (id: string) => workloadOf(id, { operationTimeMs: 100 });

async function measured(
  runner: Runner,
  spec: InstanceSpec,
  run: RunContext,
  workload: Workload,
  capabilities: Capabilities,
): Promise<Seen> {
  await using prepared = await runner.prepare(spec, run);
  const { subject, seen } = keptTurn({ prepared, workload, capabilities, run, index: 0 });
  await throughputExperiment({ workload, pilotBlocks: 0, fixedBlocks: 1, emulatedToo: true }).measure(subject);
  return seen;
}

/** One turn of the experiment with one real instance. */
async function turn(
  t: ExecutionContext,
  runner: Runner,
  workload: Workload,
  over: Partial<InstanceSpec> = {},
): Promise<Seen> {
  const { spec, run: ofTest, sweep } = await realRun(t, { entry: workload.entry, memoryBytes: MEMORY, ...over });
  const run = { ...ofTest, startTimeoutMs: START_TIMEOUT_MS };
  const support = await runner.probe({ stateDir: run.stateDir, accel: run.accel, signal: run.signal });
  if (!support.ok) throw new RangeError(support.reason);
  const seen = await measured(runner, spec, run, workload, support.capabilities);
  t.deepEqual(await sweep(runner, true), [], 'nothing is left');
  return seen;
}

/** Every metric has its number, and clocks were compared. */
function requireWhole(t: ExecutionContext, { values, failures, guards }: Seen, workload: Workload): void {
  t.deepEqual(failures, []);
  const ids = workload.measurements.flatMap(({ metrics }) => metrics.map(({ id }) => id));
  t.deepEqual([...values.keys()].toSorted(), ids.toSorted());
  t.true([...values.values()].flat().every((value) => Number.isFinite(value) && value > 0));
  t.regex(guards.get('clock') ?? '', /^(?:true|false) the clock inside and the host's differ by /);
}

for (const id of PROGRAMS) {
  test.serial(`${id} gives every number natively, under runc and under docker, and none is absurd`, async (t) => {
    const workload = tiny(id);
    const results: Seen[] = [];
    for (const runner of [nativeRunner, runcRunner, dockerRunner]) {
      const seen = await turn(t, runner, workload);
      requireWhole(t, seen, workload);
      results.push(seen);
    }
    const [native, ...boxes] = results;
    // Wide enough for any load of the host; a unit that is wrong falls out of it.
    for (const [metric, [base = 0]] of native?.values ?? []) {
      for (const { values } of boxes) {
        const ratio = (values.get(metric)?.[0] ?? 0) / base;
        t.true(ratio > 1 / 300 && ratio < 300, `${metric}: ${ratio}`);
      }
    }
  });
}

test.serial('a guest is measured by the same programs, its clock beside the host’s', async (t) => {
  const whole = tiny('sysbench');
  const workload = { ...whole, measurements: whole.measurements.filter(({ id }) => id === 'cpu') };
  requireWhole(t, await turn(t, kvmDirect, workload), workload);
});

test.serial('a guest reads its own disk past every cache, from a file that it wrote', async (t) => {
  const whole = tiny('fio');
  const workload = { ...whole, measurements: whole.measurements.filter(({ id }) => id === 'random-read') };
  requireWhole(t, await turn(t, kvmDirect, workload), workload);
});

test.serial('without a network the client inside is measured and the other is a failure that says so', async (t) => {
  const workload = tiny('memcached');
  const { values, failures } = await turn(t, runcRunner, workload, { network: 'none' });
  t.deepEqual([...values.keys()], ['inside']);
  t.deepEqual(failures, ['bridge: the instance has no network that a client could reach it over']);
});

test.serial('a program that really fails inside is a counted failure with its own words', async (t) => {
  const whole = tiny('fio');
  const [first, ...others] = whole.measurements;
  // Nothing writes the file that is to be read.
  const unprepared = { ...first!, prepare: () => [] };
  const { values, failures } = await turn(t, runcRunner, {
    ...whole,
    measurements: [unprepared, ...others.slice(0, 1)],
  });
  t.is(failures.length, 1);
  t.regex(failures[0] ?? '', /^random-read: \/usr\/bin\/fio ended with 1: .*file creation disallowed/);
  t.deepEqual([...values.keys()], ['sequential-read']);
});

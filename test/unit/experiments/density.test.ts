import test from 'ava';
import { ceilingOf, densityExperiment } from '../../../bench/experiments/density.ts';
import { WorkloadError } from '../../../bench/errors.ts';
import { withDefaults } from '../../../bench/config/profiles.ts';
import type { Config } from '../../../bench/config/schema.ts';
import { delay } from '../../../bench/proc/clock.ts';
import type { Instance } from '../../../bench/model/runner.ts';
import { redis } from '../../../bench/workloads/redis.ts';
import { type FakeOptions, fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';
import { fakeHost, type FakeHostOptions, type Journalled, rampSubject } from '../../helpers/ramp.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

interface Options {
  readonly fake?: FakeOptions;
  readonly host?: FakeHostOptions;
  /** Bytes that each living instance takes of the fake host. */
  readonly eachBytes?: number;
  readonly density?: Partial<Config['density']>;
  readonly adapt?: (instance: Instance, order: number) => Instance;
  readonly abort?: AbortController;
}

interface Outcome extends Journalled {
  /** The most instances that lived at once; those that are left. */
  readonly most: number;
  readonly left: number;
  readonly error: unknown;
}

/** One block of the experiment over a fake runner on a fake host. */
async function rampOf(options: Options): Promise<Outcome> {
  const runner = fakeRunner(options.fake);
  const config = withDefaults({});
  const density = { ...config.density, containers: 16, vms: 4, ramps: 1, arms: ['idle'] as const, ...options.density };
  let most = 0;
  const usedBytes = () => {
    most = Math.max(most, runner.alive.size);
    return GIB + runner.alive.size * (options.eachBytes ?? 10 * MIB);
  };
  const host = fakeHost({ usedBytes, ...options.host });
  const run = fakeRun(options.abort ? { signal: options.abort.signal } : {});
  const support = await runner.probe({ stateDir: '/nowhere', accel: 'auto', signal: run.signal });
  if (!support.ok) throw new WorkloadError('FAKE', 'the fake runner is unsupported');
  await using prepared = await runner.prepare(fakeSpec(), run);
  const { capabilities } = support;
  const parts = { prepared, workload: redis, capabilities, run };
  const { subject, journalled } = rampSubject(options.adapt ? { ...parts, adapt: options.adapt } : parts);
  const experiment = densityExperiment({ config: { ...config, density }, workload: redis, host });
  let error: unknown;
  try {
    await experiment.measure(subject);
  } catch (thrown) {
    error = thrown;
  }
  return { ...journalled, most, left: runner.alive.size, error };
}

const VM: FakeOptions = { capabilities: { isolation: 'vm' } };

test('a ramp goes up to its ceiling, tells every step, and leaves nothing', async (t) => {
  const ramp = await rampOf({});
  t.deepEqual(
    ramp.steps.map(({ launched, ready, alive }) => [launched, ready, alive]),
    [1, 2, 4, 8, 16].map((count) => [count, count, count]),
  );
  t.deepEqual(
    ramp.steps.map(({ stop }) => stop?.rule ?? null),
    [null, null, null, null, 'ceiling'],
  );
  t.is(ramp.steps.at(-1)?.usedBytes, 160 * MIB);
  t.is(ramp.values['achieved-idle'], 16);
  t.is(Math.round(ramp.values['memory-idle'] ?? 0), 10 * MIB);
  t.is(ramp.left, 0);
  t.deepEqual(ramp.failures, []);
});

test('VMs have a ceiling of their own, and enough steps for a slope', async (t) => {
  const ramp = await rampOf({ fake: VM });
  t.deepEqual(
    ramp.steps.map(({ alive }) => alive),
    [1, 2, 3, 4],
  );
});

test('what is projected never shows as achieved', async (t) => {
  const ramp = await rampOf({});
  // 32 GiB less 1 GiB in use less the floor of 3.2 GiB, at 10 MiB each.
  const projected = ramp.values['projected-idle'] ?? 0;
  t.true(Math.abs(projected - Math.floor((27.8 * GIB) / (10 * MIB))) <= 1);
  t.is(ramp.values['achieved-idle'], 16);
  t.true(ramp.most <= 16);
});

test('steps shrink to what the memory holds, and the floor is never crossed', async (t) => {
  const ramp = await rampOf({ eachBytes: 3 * GIB, density: { containers: 64 } });
  t.is(ramp.most, 9);
  t.is(ramp.values['achieved-idle'], 9);
  t.is(ramp.steps.at(-1)?.stop?.rule, 'memory');
  t.true(ramp.steps.every(({ availableBytes }) => availableBytes >= 3.2 * GIB));
});

test('a guest that may fill its memory is not started where that would not fit', async (t) => {
  const ramp = await rampOf({ fake: VM, host: { totalBytes: 3.4 * GIB } });
  t.is(ramp.most, 0);
  t.deepEqual(ramp.values, {});
  t.deepEqual(
    ramp.failures.map(({ code, metrics }) => [code, metrics]),
    [['NO_STEP', ['achieved-idle', 'memory-idle', 'projected-idle']]],
  );
});

test('a failed start in the middle ends the ramp, and only what passed before counts', async (t) => {
  const ramp = await rampOf({ fake: { failStart: (start) => (start === 5 ? 'BROKE' : undefined) } });
  t.is(ramp.values['achieved-idle'], 4);
  t.is(ramp.steps.at(-1)?.stop?.rule, 'failed-start');
  t.true((ramp.steps.at(-1)?.launched ?? 0) >= 6 && (ramp.steps.at(-1)?.launched ?? 0) <= 7);
  t.is(ramp.steps.at(-1)?.ready, (ramp.steps.at(-1)?.launched ?? 0) - 1);
  t.deepEqual(ramp.failures, [{ stage: 'start', metrics: [], code: 'BROKE', message: 'told to fail' }]);
  t.is(ramp.left, 0);
});

test('where not even the first starts, its failure costs every metric and nothing is made up', async (t) => {
  const ramp = await rampOf({ fake: { failStart: () => 'BROKE' } });
  t.deepEqual(ramp.values, {});
  t.deepEqual(
    ramp.failures.map(({ code, metrics }) => [code, metrics.length]),
    [['BROKE', 3]],
  );
  t.is(ramp.steps.length, 1);
  t.is(ramp.steps[0]?.startNs, null);
});

test('an instance that died unseen is found by asking, counted, and ends the ramp', async (t) => {
  const adapt = (instance: Instance, order: number): Instance =>
    order === 2
      ? { ...instance, ping: async () => Promise.reject(new WorkloadError('MARK_TIMEOUT', 'no echo')) }
      : instance;
  const ramp = await rampOf({ adapt });
  t.is(ramp.values['achieved-idle'], 2);
  const last = ramp.steps.at(-1);
  t.deepEqual([last?.launched, last?.ready, last?.alive, last?.stop?.rule], [4, 4, 3, 'dead-instance']);
  t.is(ramp.failures.length, 1);
  t.regex(ramp.failures[0]?.message ?? '', /^tare-a1b2c3-fake-2: no echo$/);
});

test('starts that take longer than k times the first step end the ramp', async (t) => {
  const markNs = (mark: string, start: number) => (mark === 'ready' ? (start < 4 ? 1e6 : 3e6) : 1);
  const ramp = await rampOf({ fake: { markNs }, density: { slowdown: 2 } });
  t.is(ramp.values['achieved-idle'], 4);
  t.is(ramp.steps.at(-1)?.stop?.rule, 'slow-start');
});

test('a ramp whose time is over starts nothing more, and says so; what stands counts', async (t) => {
  let now = 0;
  const adapt = (instance: Instance): Instance => {
    now += 1000;
    return instance;
  };
  const options = { adapt, host: { nowMs: () => now } };
  const foreseen = await rampOf({ ...options, density: { rampTime: 10_000 } });
  t.deepEqual(
    foreseen.steps.map(({ alive, stop }) => [alive, stop?.rule ?? null]),
    [
      [1, null],
      [2, null],
      [4, null],
      [8, null],
      [10, 'time'],
    ],
  );
  t.is(foreseen.values['achieved-idle'], 10);
  now = 0;
  const slower = (instance: Instance, order: number): Instance => {
    now += order < 4 ? 1000 : 10_000;
    return instance;
  };
  const met = await rampOf({ ...options, adapt: slower, density: { rampTime: 20_000 } });
  t.is(met.steps.at(-1)?.stop?.rule, 'time');
  t.true((met.values['achieved-idle'] ?? 0) < 8 && (met.values['achieved-idle'] ?? 0) >= 6);
  t.deepEqual([met.left, met.failures], [0, []]);
});

test('a loaded ramp has a ceiling of its own, never above that of the idle one', (t) => {
  const density = { ...withDefaults({}).density, containers: 50, vms: 40, loaded: { containers: 200, vms: 20 } };
  const of = (arm: 'idle' | 'loaded') => [ceilingOf(density, arm, false), ceilingOf(density, arm, true)];
  t.deepEqual(
    [of('idle'), of('loaded')],
    [
      [50, 40],
      [50, 20],
    ],
  );
});

test('pressure ends the ramp; where it is not told, that is said once and nothing is assumed', async (t) => {
  const pressed = await rampOf({ host: { pressure: () => 5.5 } });
  t.is(pressed.steps[0]?.stop?.rule, 'pressure');
  t.deepEqual(pressed.values, {});
  const silent = await rampOf({ host: { pressure: () => null } });
  t.is(silent.values['achieved-idle'], 16);
  t.deepEqual(
    silent.guards.map(({ guard, value }) => [guard, value]),
    [['ramp-pressure', null]],
  );
});

test('a limit of the kernel is named before it is met, and said even where something else ended the ramp', async (t) => {
  const counters = (limit: number) => {
    let looks = 0;
    // The ramp looks once before it begins, then after every step of 1, 2, 4, … instances, of which each takes two.
    return () => [{ name: 'widgets', used: looks++ === 0 ? 0 : 2 ** looks / 2, limit, reserve: 0 }];
  };
  const ended = await rampOf({ host: { counters: counters(13) } });
  t.is(ended.steps.at(-1)?.stop?.rule, 'kernel-limit');
  t.is(ended.values['achieved-idle'], 6);
  const fine = await rampOf({ host: { counters: counters(1000) } });
  t.is(fine.steps.at(-1)?.stop?.rule, 'ceiling');
  t.deepEqual(
    fine.guards.map(({ guard, value }) => [guard, value]),
    [['ramp-limit-idle', 500]],
  );
});

test('memory that suddenly goes stops the starts, and below half the floor the newest are ended until it is back', async (t) => {
  const killed: string[] = [];
  let grown = false;
  const adapt = (instance: Instance, order: number): Instance => {
    if (order === 7) grown = true;
    return {
      ...instance,
      end: async (how, timeoutMs) => {
        killed.push(`${order} ${how}`);
        // The one that grows is the third.
        if (order === 2) grown = false;
        return instance.end(how, timeoutMs);
      },
    };
  };
  const slow = (instance: Instance, order: number): Instance => ({
    ...adapt(instance, order),
    ping: async (timeoutMs) => {
      await delay(20);
      return instance.ping(timeoutMs);
    },
  });
  const ramp = await rampOf({ adapt: slow, host: { usedBytes: () => (grown ? 31.5 * GIB : GIB) } });
  t.is(ramp.steps.at(-1)?.stop?.rule, 'memory');
  t.regex(ramp.steps.at(-1)?.stop?.message ?? '', /ended at once to protect the host/);
  t.is(killed[0], '7 kill');
  t.true(killed.includes('2 kill'));
  t.is(ramp.values['achieved-idle'], 4);
  t.deepEqual(
    ramp.failures.map(({ code }) => code),
    ['NO_SLOPE'],
  );
  t.is(ramp.left, 0);
});

test('under the floor nothing more starts, and above half of it nothing is ended', async (t) => {
  let low = false;
  let ended = 0;
  const adapt = (instance: Instance, order: number): Instance => {
    if (order === 8) low = true;
    return {
      ...instance,
      end: async (how, timeoutMs) => {
        ended += 1;
        return instance.end(how, timeoutMs);
      },
    };
  };
  const ramp = await rampOf({
    adapt,
    fake: { markNs: () => 1e6 },
    density: { containers: 2000 },
    host: { usedBytes: () => (low ? 29.5 * GIB : GIB) },
  });
  t.is(ramp.steps.at(-1)?.stop?.rule, 'memory');
  t.is(ramp.values['achieved-idle'], 8);
  t.true(ramp.most < 2000);
  t.is(ended, 0);
});

test('an interruption in the middle takes all instances away and comes out', async (t) => {
  const abort = new AbortController();
  const adapt = (instance: Instance, order: number): Instance => {
    if (order === 9) abort.abort(new WorkloadError('STOP', 'interrupted'));
    return instance;
  };
  const ramp = await rampOf({ adapt, abort });
  t.is((ramp.error as WorkloadError).code, 'STOP');
  t.is(ramp.left, 0);
  t.true(ramp.most >= 8);
  t.deepEqual(ramp.failures, []);
});

test('one that cannot be taken away does not keep the others', async (t) => {
  const adapt = (instance: Instance, order: number): Instance =>
    order === 3
      ? {
          ...instance,
          [Symbol.asyncDispose]: async () => {
            await instance[Symbol.asyncDispose]();
            throw new WorkloadError('STUCK', 'it stays');
          },
        }
      : instance;
  const ramp = await rampOf({ adapt });
  t.is((ramp.error as WorkloadError).code, 'CLEANUP');
  t.is(ramp.left, 0);
});

test('the loaded arm fills each instance once, and what cannot be filled counts as dead', async (t) => {
  const filled: string[] = [];
  const adapt = (instance: Instance, order: number): Instance => ({
    ...instance,
    exec: async (argv) => {
      filled.push(`${order} ${argv.includes('EVAL') ? 'EVAL' : 'SAVE'}`);
      return { exitCode: order === 5 ? 1 : 0, stdout: '', stderr: '' };
    },
  });
  const ramp = await rampOf({ adapt, density: { arms: ['loaded'] } });
  t.deepEqual(filled.toSorted().slice(0, 4), ['0 EVAL', '0 SAVE', '1 EVAL', '1 SAVE']);
  t.is(new Set(filled).size, filled.length);
  t.is(ramp.values['achieved-loaded'], 4);
  t.is(ramp.steps.at(-1)?.stop?.rule, 'dead-instance');
  t.deepEqual(
    ramp.failures.map(({ code }) => code),
    ['INSIDE_FAILED'],
  );
});

test('two arms are two ramps with metrics of their own; an application without a data set has no loaded arm', (t) => {
  const config = withDefaults({ density: { arms: ['idle', 'loaded'] } });
  const both = densityExperiment({ config, workload: redis });
  t.deepEqual(
    both.metrics.map(({ id }) => id),
    [
      ...['achieved-idle', 'memory-idle', 'projected-idle'],
      ...['achieved-loaded', 'memory-loaded', 'projected-loaded'],
    ],
  );
  t.true(both.metrics.every(({ assessableEmulated, primary }) => !assessableEmulated && !primary));
  const idle = densityExperiment({ config, workload: { ...redis, fill: () => [], fillBytes: 0 } });
  t.is(idle.metrics.length, 3);
});

test('memory that does not grow with the instances is no slope, and nothing is projected from it', async (t) => {
  const ramp = await rampOf({ eachBytes: 0 });
  t.is(ramp.values['achieved-idle'], 16);
  t.deepEqual(
    ramp.failures.map(({ code, metrics }) => [code, metrics]),
    [['NO_SLOPE', ['memory-idle', 'projected-idle']]],
  );
});

import test from 'ava';
import { assert as check, integer, option, property, record } from 'fast-check';
import {
  kernelRoom,
  memoryRoom,
  nextStep,
  type Outlook,
  predictedBytes,
} from '../../../bench/experiments/density/outlook.ts';
import { memoryFloor, type Rule, type StepFacts, violation } from '../../../bench/experiments/density/rules.ts';
import { rampSteps } from '../../../bench/experiments/density/steps.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

const FINE: StepFacts = {
  floorBytes: 2 * GIB,
  lowestBytes: 2 * GIB,
  pressure: 5,
  startNs: 1e9,
  firstStartNs: 1e8,
  slowdown: 10,
  failedStarts: 0,
  dead: 0,
  killed: 0,
};

test('steps double up to the ceiling, and a low ceiling has at least four where there can be', (t) => {
  t.deepEqual(rampSteps(1), [1]);
  t.deepEqual(rampSteps(2), [1, 2]);
  t.deepEqual(rampSteps(3), [1, 2, 3]);
  t.deepEqual(rampSteps(4), [1, 2, 3, 4]);
  t.deepEqual(rampSteps(5), [1, 2, 4, 5]);
  t.deepEqual(rampSteps(50), [1, 2, 4, 8, 16, 32, 50]);
  t.deepEqual(rampSteps(1024).slice(-2), [512, 1024]);
  t.deepEqual(rampSteps(1100).slice(-2), [1024, 1100]);
});

test('whatever the ceiling: steps rise from 1 to it, and never more than double', (t) => {
  check(
    property(integer({ min: 1, max: 5000 }), (ceiling) => {
      const steps = rampSteps(ceiling);
      const rising = steps.slice(1).every((step, at) => step > (steps[at] ?? 0) && step <= 2 * (steps[at] ?? 0));
      return steps[0] === 1 && steps.at(-1) === ceiling && rising && steps.length >= Math.min(4, ceiling);
    }),
  );
  t.pass();
});

test('the floor is a tenth of the memory, and at least 2 GiB', (t) => {
  t.is(memoryFloor(8 * GIB), 2 * GIB);
  t.is(memoryFloor(64 * GIB), 6.4 * GIB);
});

test('a step exactly at every bound passes', (t) => {
  t.is(violation(FINE), null);
});

const broken: readonly (readonly [Rule, Partial<StepFacts>, RegExp])[] = [
  ['memory', { lowestBytes: 2 * GIB - 1 }, /the floor is 2\.0 GiB/],
  ['memory', { killed: 3 }, /3 instances were ended at once/],
  ['failed-start', { failedStarts: 1 }, /1 starts failed/],
  ['dead-instance', { dead: 2 }, /2 instances did not answer/],
  ['pressure', { pressure: 5.01 }, /5\.01% of ten seconds/],
  ['slow-start', { startNs: 1e9 + 1 }, /more than 10 × the first step's 0\.100 s/],
];
for (const [rule, facts, message] of broken) {
  test(`rule ${rule} on ${JSON.stringify(facts)}`, (t) => {
    const stop = violation({ ...FINE, ...facts });
    t.is(stop?.rule, rule);
    t.regex(stop?.message ?? '', message);
  });
}

test('pressure and start times that nobody tells break no rule', (t) => {
  t.is(violation({ ...FINE, pressure: null, startNs: null }), null);
  t.is(violation({ ...FINE, firstStartNs: null }), null);
});

test('of several broken rules the one that explains the others is named', (t) => {
  const all = { ...FINE, lowestBytes: 0, failedStarts: 1, dead: 1, pressure: 90, startNs: 1e12 };
  t.is(violation(all)?.rule, 'memory');
  t.is(violation({ ...all, lowestBytes: FINE.lowestBytes })?.rule, 'failed-start');
});

test('before there is a slope, a guest counts with its whole memory and a container with what the first took', (t) => {
  t.is(predictedBytes([], 512 * MIB), 512 * MIB);
  t.is(predictedBytes([], 0), 0);
  t.is(predictedBytes([{ count: 1, bytes: 200 * MIB }], 512 * MIB), 512 * MIB);
  t.is(predictedBytes([{ count: 1, bytes: 9 * MIB }], 0), 9 * MIB);
});

test('with a slope, the steeper of the whole ramp and its last stretch counts, and never less than nothing', (t) => {
  const steady = [1, 2, 4].map((count) => ({ count, bytes: count * MIB }));
  t.is(Math.round(predictedBytes(steady, 512 * MIB)), MIB);
  t.is(predictedBytes([...steady, { count: 8, bytes: 44 * MIB }], 0), 10 * MIB);
  t.true(predictedBytes([...steady, { count: 8, bytes: 4 * MIB }], 0) > 0);
  t.is(
    predictedBytes(
      [
        { count: 1, bytes: MIB },
        { count: 2, bytes: 0 },
      ],
      0,
    ),
    0,
  );
});

test('room in memory counts whole instances above the floor', (t) => {
  t.is(memoryRoom(3 * GIB, 2 * GIB, 300 * MIB), 3);
  t.is(memoryRoom(GIB, 2 * GIB, MIB), 0);
  t.is(memoryRoom(2 * GIB, 2 * GIB, 0), 0);
  t.is(memoryRoom(3 * GIB, 2 * GIB, 0), Number.POSITIVE_INFINITY);
});

const INOTIFY = { name: 'inotify', limit: 128, reserve: 13 };
const TASKS = { name: 'tasks', limit: 32_768, reserve: 3277 };

test('the kernel limit that is met first is named, with the room that it leaves', (t) => {
  const before = [
    { ...INOTIFY, used: 5 },
    { ...TASKS, used: 200 },
  ];
  const now = [
    { ...INOTIFY, used: 15 },
    { ...TASKS, used: 240 },
  ];
  t.deepEqual(kernelRoom(before, now, 10), { name: 'inotify', instances: 100 });
});

test('a limit that the instances do not take from is none, unless nothing is left of it', (t) => {
  const before = [{ ...INOTIFY, used: 5 }];
  t.is(kernelRoom(before, before, 10), null);
  const full = [{ ...INOTIFY, used: 120 }];
  t.deepEqual(kernelRoom(full, full, 10), { name: 'inotify', instances: 0 });
});

test('a user who had nothing of a limit before the ramp began from nothing', (t) => {
  t.deepEqual(kernelRoom([], [{ ...INOTIFY, used: 10 }], 10), { name: 'inotify', instances: 105 });
});

const OUTLOOK: Outlook = {
  count: 8,
  steps: [1, 2, 4, 8, 16, 20],
  availableBytes: 10 * GIB,
  floorBytes: 2 * GIB,
  perInstance: 100 * MIB,
  kernel: null,
  leftMs: 60_000,
  eachMs: 100,
};

test('the next step is the next of the plan while there is room, and after the last the ceiling is met', (t) => {
  t.deepEqual(nextStep(OUTLOOK), { target: 16 });
  const end = nextStep({ ...OUTLOOK, count: 20 });
  t.is('stop' in end ? end.stop.rule : '', 'ceiling');
});

test('a step that would cross the floor shrinks to what fits', (t) => {
  t.deepEqual(nextStep({ ...OUTLOOK, perInstance: 2 * GIB }), { target: 12 });
});

test('where nothing more fits, the ramp ends before it begins the step', (t) => {
  const next = nextStep({ ...OUTLOOK, perInstance: 9 * GIB });
  t.deepEqual(next, {
    stop: {
      rule: 'memory',
      message: '10.0 GiB of memory are available and the floor is 2.0 GiB: room for 0 more at 9.0 GiB each',
    },
  });
});

test('a kernel limit shrinks a step, and ends the ramp under its own name', (t) => {
  t.deepEqual(nextStep({ ...OUTLOOK, kernel: { name: 'inotify', instances: 3 } }), { target: 11 });
  const none = nextStep({ ...OUTLOOK, kernel: { name: 'inotify', instances: 0 } });
  t.is('stop' in none ? none.stop.rule : '', 'kernel-limit');
  t.regex('stop' in none ? none.stop.message : '', /^inotify leaves room for 0 more instances beside the 8/);
});

test('time shrinks a step by the pace of the last one, and ends the ramp once it is spent', (t) => {
  t.deepEqual(nextStep({ ...OUTLOOK, leftMs: 3500, eachMs: 1000 }), { target: 11 });
  t.deepEqual(nextStep({ ...OUTLOOK, leftMs: -5, eachMs: 0 }), {
    stop: {
      rule: 'time',
      message: "0.0 s of the ramp's time are left: room for 0 more instances at 0.0 s each beside the 8 that stand",
    },
  });
});

test('where neither the host nor the time has room, it is the host that ended the ramp', (t) => {
  const end = nextStep({ ...OUTLOOK, perInstance: 9 * GIB, leftMs: 0 });
  t.is('stop' in end ? end.stop.rule : '', 'memory');
});

test('a ramp does not creep: room for less than a sixteenth is none', (t) => {
  const many = { ...OUTLOOK, count: 512, steps: [512, 1024] };
  const next = nextStep({ ...many, kernel: { name: 'inotify', instances: 31 } });
  t.true('stop' in next);
  t.deepEqual(nextStep({ ...many, kernel: { name: 'inotify', instances: 32 } }), { target: 544 });
});

test('whatever is seen, no step is planned that is predicted to cross the floor', (t) => {
  check(
    property(
      record({
        count: integer({ min: 0, max: 2000 }),
        available: integer({ min: 0, max: 64 * GIB }),
        perInstance: integer({ min: 1, max: 4 * GIB }),
        room: option(integer({ min: 0, max: 2000 })),
      }),
      ({ count, available, perInstance, room }) => {
        const kernel = room === null ? null : { name: 'x', instances: room };
        const outlook = { ...OUTLOOK, count, steps: rampSteps(1100), availableBytes: available, perInstance, kernel };
        const next = nextStep(outlook);
        if ('stop' in next) return true;
        const more = next.target - count;
        return more > 0 && more <= (room ?? more) && available - more * perInstance >= outlook.floorBytes;
      },
    ),
  );
  t.pass();
});

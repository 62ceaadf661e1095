import test from 'ava';
import { withDefaults } from '../../../bench/config/profiles.ts';
import { densityExperiment } from '../../../bench/experiments/density.ts';
import { diskExperiment } from '../../../bench/experiments/disk.ts';
import { startupExperiment } from '../../../bench/experiments/startup.ts';
import { readGuards } from '../../../bench/host/guards.ts';
import { takeSnapshot } from '../../../bench/host/snapshot.ts';
import { redis } from '../../../bench/workloads/redis.ts';
import { WORKLOAD_IDS, workloadOf } from '../../../bench/workloads/registry.ts';
import { nextStep, type Outlook } from '../../../bench/experiments/density/outlook.ts';
import { guardName, readingIn } from '../../../reports/readings.ts';
import { experimentIn, isTranslated, ruleIn, titleIn } from '../../../reports/titles.ts';

const HAN = /\p{Script=Han}/u;

test('every title of a built-in metric has its Chinese', (t) => {
  const config = withDefaults({ profile: 'standard' });
  const experiments = [
    startupExperiment({ workload: redis, pilotBlocks: 3, stopTimeoutMs: 1 }),
    diskExperiment({ workload: redis, rampBlocks: 3 }),
    densityExperiment({ config, workload: redis }),
  ];
  const programs = WORKLOAD_IDS.map((id) => workloadOf(id, { operationTimeMs: 1000 }));
  const metrics = [
    ...experiments.flatMap((experiment) => experiment.metrics),
    ...programs.flatMap(({ measurements }) => measurements.flatMap((measurement) => measurement.metrics)),
  ];
  t.true(metrics.length > 30);
  t.deepEqual(
    metrics.map(({ title }) => title).filter((title) => !isTranslated(title)),
    [],
  );
  for (const { id } of experiments) t.regex(experimentIn('zh', id), HAN);
});

test('a title in parts is translated part by part; in English, or unknown, it stays as it is', (t) => {
  const tcg = 'QEMU TCG (emulated, not KVM), direct boot';
  t.is(titleIn('zh', tcg), 'QEMU TCG（仿真，非 KVM），直接引导');
  t.is(titleIn('en', tcg), tcg);
  t.is(titleIn('zh', 'frames a second, own'), 'frames a second, own');
  t.is(experimentIn('en', 'startup'), 'Startup');
  t.is(experimentIn('zh', 'own-thing'), 'Own-thing');
  t.deepEqual(
    [ruleIn('zh', 'ceiling'), ruleIn('zh', 'own-rule'), ruleIn('en', 'ceiling')],
    ['预定上限', 'own-rule', 'ceiling'],
  );
});

test('what the guards of this host say has its Chinese, and keeps its numbers', (t) => {
  for (const { guard, message } of readGuards(takeSnapshot(), takeSnapshot())) {
    t.regex(readingIn('zh', message), HAN, message);
    t.regex(guardName('zh', guard), HAN, guard);
    t.is(readingIn('en', message), message);
  }
  t.is(
    readingIn('zh', "other processes used at least 12.30% of the host's CPU time"),
    '其他进程至少占用了主机 CPU 时间的 12.30%',
  );
  t.is(
    readingIn(
      'zh',
      "the clock inside and the host's differ by 1.20 ms over 300.00 ms, allowed 6.00 ms; worst of 4 (jitter 0.30 ms)",
    ),
    '实例内外的时钟在 300.00 ms 中相差 1.20 ms，允许 6.00 ms；为 4 次中最差（抖动 0.30 ms）',
  );
  for (const message of [
    '2.1 GiB of memory were available, the floor is 2.4 GiB; 3 instances were ended at once to protect the host',
    '2 starts failed',
    '1 instances did not answer',
    'all tasks waited for memory 7.20% of ten seconds, 5% is the bound',
    "a start took 3.10 s, more than 10 × the first step's 0.300 s",
  ]) {
    t.regex(readingIn('zh', message), HAN, message);
  }
  t.is(readingIn('zh', 'a message of somebody else'), 'a message of somebody else');
});

test('whatever ends a ramp before its next step has its Chinese', (t) => {
  const outlook: Outlook = {
    ...{ count: 4, steps: [1, 2, 4, 8], availableBytes: 8e9, floorBytes: 2e9, perInstance: 1e6, kernel: null },
    ...{ leftMs: 1000, eachMs: 1 },
  };
  const ends = [
    { ...outlook, count: 8 },
    { ...outlook, perInstance: 9e9 },
    { ...outlook, leftMs: 0 },
    { ...outlook, kernel: { name: 'inotify', instances: 0 } },
  ].map((given) => nextStep(given));
  for (const end of ends) {
    const message = 'stop' in end ? end.stop.message : '';
    t.regex(readingIn('zh', message), HAN, message);
  }
});

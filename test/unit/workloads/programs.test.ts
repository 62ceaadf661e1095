import test from 'ava';
import { ConfigError } from '../../../bench/errors.ts';
import { isCompared } from '../../../bench/model/metric.ts';
import type { Measurement } from '../../../bench/model/workload.ts';
import { workloadOf, WORKLOAD_IDS } from '../../../bench/workloads/registry.ts';

const PLACEMENT = { dataDir: '/tare/data', listen: '0.0.0.0', port: 7000 };
const all = (operationTimeMs = 1000) => WORKLOAD_IDS.map((id) => workloadOf(id, { operationTimeMs }));

function argvOf(measurement: Measurement | undefined, address = '198.18.0.2'): readonly string[] {
  return measurement?.call({ placement: PLACEMENT, address }).argv ?? [];
}

function option(argv: readonly string[], name: string): string {
  return argv[argv.indexOf(name) + 1] ?? '';
}

test('the built-in programs are known by their ids, and no other is', (t) => {
  t.deepEqual(WORKLOAD_IDS, ['redis', 'memcached', 'sysbench', 'fio', 'tinybench']);
  t.deepEqual(
    all().map(({ id }) => id),
    WORKLOAD_IDS,
  );
  for (const id of ['nginx', '', 'toString', '__proto__']) {
    const error = t.throws(() => workloadOf(id, { operationTimeMs: 1 }), { instanceOf: ConfigError });
    t.is(error.code, 'UNKNOWN_WORKLOAD');
  }
});

test('seven primary metrics over all programs leave room for the start, and every other is compared too', (t) => {
  const metrics = all().flatMap(({ id, measurements }) =>
    measurements.flatMap((each) => each.metrics.map((metric) => ({ ...metric, key: `${id}/${metric.id}` }))),
  );
  t.deepEqual(
    metrics.filter(({ primary }) => primary).map(({ key }) => key),
    [
      ...['redis/inside-get', 'redis/bridge-get', 'memcached/inside', 'sysbench/cpu', 'sysbench/memory-write'],
      ...['fio/random-read', 'fio/sequential-read'],
    ],
  );
  t.true(metrics.every(isCompared));
  t.true(metrics.every(({ assessableEmulated }) => !assessableEmulated));
  t.is(new Set(metrics.map(({ key }) => key)).size, metrics.length);
});

for (const id of ['redis', 'memcached']) {
  test(`both clients of ${id} are told the same but for where it is`, (t) => {
    const { measurements } = workloadOf(id, { operationTimeMs: 1000 });
    const [inside, bridge] = measurements;
    t.deepEqual([inside?.client, bridge?.client], ['inside', 'bridge']);
    t.deepEqual(argvOf(inside, '127.0.0.1'), argvOf(bridge, '127.0.0.1'));
    const text = argvOf(bridge).join(' ');
    t.true(text.includes('198.18.0.2') && text.includes('7000') && !text.includes('127.0.0.1'));
    t.deepEqual(inside?.prepare?.(PLACEMENT), bridge?.prepare?.(PLACEMENT));
  });
}

test('a longer operation is more work, in proportion, and is waited for longer', (t) => {
  const requests = (operationTimeMs: number) =>
    Number(option(argvOf(workloadOf('redis', { operationTimeMs }).measurements[0]), '-n'));
  t.is(requests(200) * 10, requests(2000));
  t.is(requests(2000), 50_000);
  t.is(option(argvOf(workloadOf('memcached', { operationTimeMs: 200 }).measurements[0]), '-x'), '8000');
  const fio = argvOf(workloadOf('fio', { operationTimeMs: 200 }).measurements[0]);
  t.true(fio.includes('--runtime=200ms') && fio.includes('--direct=1') && fio.includes('--time_based'));
  const [short, long] = [all(1), all(5000)].map((workloads) => workloads.flatMap(({ measurements }) => measurements));
  t.true((short ?? []).every((measurement, index) => measurement.timeoutMs < (long?.[index]?.timeoutMs ?? 0)));
  const words = (short ?? []).flatMap((measurement) => argvOf(measurement));
  t.false(words.some((word) => /^(?:--events=|--memory-total-size=|--runtime=)?0(?:ms|M)?$/.test(word)));
});

test('what Redis is asked for was written before, under the very keys of the fixed key space', (t) => {
  const redis = workloadOf('redis', { operationTimeMs: 1000 });
  const filled = (placement: typeof PLACEMENT) => redis.fill(placement);
  const prepared = redis.measurements[0]?.prepare?.(PLACEMENT) ?? [];
  t.deepEqual(
    prepared.map(({ argv }) => argv),
    filled(PLACEMENT).slice(0, 1),
  );
  const script = prepared[0]?.argv.join(' ') ?? '';
  t.true(script.includes("string.format('key:%012d', i)") && script.includes('for i = 0, 19999'));
  t.is(option(argvOf(redis.measurements[0]), '-r'), '20000');
});

test('fio reads a file that was written with random contents, and makes none', (t) => {
  const { measurements } = workloadOf('fio', { operationTimeMs: 1000 });
  const prepared = measurements.map((measurement) => measurement.prepare?.(PLACEMENT));
  t.is(new Set(prepared.map((calls) => JSON.stringify(calls))).size, 1);
  const [written = []] = prepared[0]?.map(({ argv }) => argv) ?? [];
  t.true(written.includes('--refill_buffers=1') && written.includes('--rw=write'));
  for (const measurement of measurements) {
    const argv = argvOf(measurement);
    t.true(argv.includes('--allow_file_create=0'));
    t.is(
      argv.find((word) => word.startsWith('--filename=')),
      '--filename=/tare/data/fio.bin',
    );
    t.is(
      argv.find((word) => word.startsWith('--size=')),
      written.find((word) => word.startsWith('--size=')),
    );
  }
});

test('a server listens where it is placed; a program that needs none sleeps', (t) => {
  const entry = (id: string) => workloadOf(id, { operationTimeMs: 1 }).entry;
  const memcached = entry('memcached').argv(PLACEMENT);
  t.is(option(memcached, '-u'), 'root');
  t.is(option(memcached, '-l'), '0.0.0.0');
  t.is(option(memcached, '-p'), '7000');
  t.deepEqual(entry('memcached').ready(PLACEMENT), { protocol: 'memcached', port: 7000 });
  for (const id of ['sysbench', 'fio', 'tinybench']) {
    t.is(entry(id).argv(PLACEMENT)[0], '/bin/sleep');
    t.is(entry(id).ready(PLACEMENT).protocol, 'none');
  }
});

test('the settings in the manifest say everything that the programs are told', (t) => {
  const numbersIn = (words: readonly string[]) =>
    words.flatMap((word) => (/^\d+$/.test(word) ? [word] : [])).filter((word) => word !== String(PLACEMENT.port));
  for (const { measurements, settings } of all(300)) {
    const known = new Set(Object.values(settings).map(String));
    for (const number of measurements.flatMap((measurement) => numbersIn(argvOf(measurement)))) {
      t.true(known.has(number), `${number} in ${[...known].join()}`);
    }
  }
});

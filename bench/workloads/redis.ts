import type { Measurement, Placement, Workload } from '../model/workload.ts';
import { amountFor, DEFAULT_OPTIONS, latency, patienceFor, rate, type WorkloadOptions } from './measuring.ts';
import { parseRedisBenchmark } from './redis-output.ts';

const KEYS = 20_000;
const VALUE_BYTES = 1024;
/** Idle rounds a second, the fewest that Redis takes: at its default of 10, a thousand idle servers keep a CPU busy with nothing. */
const HZ = 1;
const CLIENTS = 16;
const PIPELINE = 1;
/** redis-benchmark counts requests, not seconds: so many, of both kinds together, stand for one second on every runner. */
const REQUESTS_PER_SECOND = 50_000;

/**
 * Writes the fixed data set in one script call, under the keys that redis-benchmark asks for; values are plain and
 * `rdbcompression` is off, so bytes mean bytes.
 */
const FILL_SCRIPT = `local v = string.rep('x', ${VALUE_BYTES}) for i = 0, ${KEYS - 1} do redis.call('SET', string.format('key:%012d', i), v) end return ${KEYS}`;

function client(placement: Placement, ...command: readonly string[]): readonly string[] {
  return ['/usr/bin/redis-cli', '-e', '-h', '127.0.0.1', '-p', String(placement.port), ...command];
}

function fillAll(placement: Placement): readonly string[] {
  return client(placement, 'EVAL', FILL_SCRIPT, '0');
}

/** As many SETs and then as many GETs; where the client is makes the only difference between the two arms. */
function requestsBy(arm: Measurement['client'], options: WorkloadOptions, requests: number): Measurement {
  const ids = { set: `${arm}-set`, get: `${arm}-get`, getP99: `${arm}-get-p99` };
  const from = arm === 'inside' ? 'client inside' : 'client over the bridge';
  return {
    id: arm,
    client: arm,
    metrics: [
      rate(ids.get, `GET requests, ${from}`, '1/s', 'primary'),
      rate(ids.set, `SET requests, ${from}`, '1/s', 'secondary'),
      latency(ids.getP99, `GET, 99th percentile, ${from}`),
    ],
    prepare: (placement) => [{ argv: fillAll(placement) }],
    call: ({ placement, address }) => ({
      argv: [
        ...['/usr/bin/redis-benchmark', '-h', address, '-p', String(placement.port)],
        ...['-c', String(CLIENTS), '-P', String(PIPELINE), '-n', String(requests)],
        ...['-r', String(KEYS), '-d', String(VALUE_BYTES), '-t', 'set,get', '--csv'],
      ],
    }),
    operations: 1,
    timeoutMs: patienceFor(options),
    parse: (stdout) => {
      const { set, get } = parseRedisBenchmark(stdout);
      return { [ids.get]: [get.perSecond], [ids.set]: [set.perSecond], [ids.getP99]: [get.p99Ns] };
    },
  };
}

/** Redis without persistence of its own; `SAVE` is only ever asked for by the disk experiment. */
export function redisWorkload(options: WorkloadOptions): Workload {
  const requests = amountFor(REQUESTS_PER_SECOND / 2, options.operationTimeMs);
  return {
    id: 'redis',
    title: 'Redis',
    settings: {
      ...{ persistence: false, rdbCompression: false, hz: HZ, keys: KEYS, valueBytes: VALUE_BYTES },
      ...{ clients: CLIENTS, pipeline: PIPELINE, requestsOfEachKind: requests },
      nominalRequestsPerSecond: REQUESTS_PER_SECOND,
    },
    flavour: 'base',
    entry: {
      workload: 'redis',
      defaultPort: 6379,
      argv: (placement) => [
        '/usr/bin/redis-server',
        ...['--bind', placement.listen, '--port', String(placement.port)],
        ...['--protected-mode', 'no', '--daemonize', 'no', '--logfile', ''],
        ...['--save', '', '--appendonly', 'no', '--rdbcompression', 'no'],
        ...['--hz', String(HZ), '--dynamic-hz', 'no', '--dir', placement.dataDir],
      ],
      ready: (placement) => ({ protocol: 'redis', port: placement.port }),
    },
    fill: (placement) => [fillAll(placement), client(placement, 'SAVE')],
    fillBytes: KEYS * VALUE_BYTES,
    measurements: [requestsBy('inside', options, requests), requestsBy('bridge', options, requests)],
  };
}

/** Redis for whoever starts it and does not measure its throughput. */
export const redis: Workload = redisWorkload(DEFAULT_OPTIONS);

import { ParseError } from '../errors.ts';
import type { Measurement, Workload } from '../model/workload.ts';
import { amountFor, onlyMatch, patienceFor, positive, rate, type WorkloadOptions } from './measuring.ts';
import { quoteHead } from './quote.ts';

const CACHE_MIB = 64;
const VALUE_BYTES = 1024;
const CLIENTS = 16;
/** Values that each client keeps asking for; those of all clients together fit into the cache, so that none is dropped. */
const WINDOW = '1k';
/** memcaslap can count seconds, but only whole ones: so many requests stand for one, on every runner. */
const REQUESTS_PER_SECOND = 40_000;

const SUMMARY = /^Run time: \d{1,9}\.\ds Ops: (\d{1,15}) TPS: \d{1,15} Net_rate: \d{1,9}\.\d[KMG]?\/s$/gm;
const RATE_AT_END = /\nRun time: \S+ Ops: \d+ TPS: (\d+) Net_rate: \S+\n$/;

/**
 * Operations per second that memcaslap counted. @throws ParseError `PROGRAM_OUTPUT`, also where it asked for many values that
 * the cache had dropped: that is other work.
 */
export function parseMemcaslap(stdout: string): number {
  if (!stdout.startsWith('servers: ')) {
    throw new ParseError('PROGRAM_OUTPUT', `memcaslap printed something else: ${quoteHead(stdout)}`);
  }
  const count = (name: string) => onlyMatch(stdout, new RegExp(`^${name}: (\\d{1,15})$`, 'gm'), `count ${name}`);
  const gets = positive(count('cmd_get'), "memcaslap's number of gets");
  const misses = Number(count('get_misses'));
  if (misses > gets / 100) {
    throw new ParseError('PROGRAM_OUTPUT', `memcached had dropped ${misses} of ${gets} values that it was asked for`);
  }
  positive(onlyMatch(stdout, SUMMARY, 'summary'), "memcaslap's number of operations");
  const [, perSecond] = RATE_AT_END.exec(stdout) ?? [];
  if (perSecond !== undefined) return positive(perSecond, "memcaslap's rate");
  throw new ParseError('PROGRAM_OUTPUT', `memcaslap's summary is not the end of its output: ${quoteHead(stdout)}`);
}

/** Nine gets for each set, which is memcaslap's own proportion. */
function requestsBy(arm: Measurement['client'], options: WorkloadOptions, requests: number): Measurement {
  const inside = arm === 'inside';
  const title = `gets and sets, client ${inside ? 'inside' : 'over the bridge'}`;
  return {
    id: arm,
    client: arm,
    metrics: [rate(arm, title, '1/s', inside ? 'primary' : 'secondary')],
    call: ({ placement, address }) => ({
      argv: [
        ...['/usr/bin/memcaslap', '-s', `${address}:${placement.port}`, '-x', String(requests)],
        ...['-T', '1', '-c', String(CLIENTS), '-X', String(VALUE_BYTES), '-w', WINDOW],
      ],
    }),
    operations: 1,
    timeoutMs: patienceFor(options),
    parse: (stdout) => ({ [arm]: [parseMemcaslap(stdout)] }),
  };
}

/** memcached with one thread; as root, which it is inside, it runs only when it is told to. */
export function memcachedWorkload(options: WorkloadOptions): Workload {
  const requests = amountFor(REQUESTS_PER_SECOND, options.operationTimeMs);
  return {
    id: 'memcached',
    title: 'memcached',
    settings: {
      ...{ cacheMiB: CACHE_MIB, threads: 1, valueBytes: VALUE_BYTES, clients: CLIENTS, clientThreads: 1 },
      ...{ windowPerClient: WINDOW, getShare: 0.9, requests, nominalRequestsPerSecond: REQUESTS_PER_SECOND },
    },
    flavour: 'base',
    entry: {
      workload: 'memcached',
      defaultPort: 11_211,
      argv: ({ listen, port }) => [
        ...['/usr/bin/memcached', '-u', 'root', '-l', listen, '-p', String(port), '-U', '0'],
        ...['-m', String(CACHE_MIB), '-t', '1'],
      ],
      ready: ({ port }) => ({ protocol: 'memcached', port }),
    },
    fill: () => [],
    fillBytes: 0,
    measurements: [requestsBy('inside', options, requests), requestsBy('bridge', options, requests)],
  };
}

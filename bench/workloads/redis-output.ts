import { ParseError } from '../errors.ts';
import { positive } from './measuring.ts';
import { quoteHead } from './quote.ts';

const HEADER =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"';
const P99 = HEADER.split(',').indexOf('"p99_latency_ms"');
const NS_PER_MS = 1e6;

export interface RedisRequests {
  readonly perSecond: number;
  readonly p99Ns: number;
}

function rowOf(line: string | undefined, test: string): RedisRequests {
  const [name, ...fields] = (line ?? '').split(',').map((field) => /^"(.*)"$/.exec(field)?.[1]);
  if (name !== test || fields.length !== HEADER.split(',').length - 1) {
    throw new ParseError('PROGRAM_OUTPUT', `redis-benchmark says nothing of ${test}: ${quoteHead(line ?? '')}`);
  }
  const perSecond = positive(fields[0], `redis-benchmark's rate of ${test}`);
  const p99Ns = positive(fields[P99 - 1], `redis-benchmark's 99th percentile of ${test}`) * NS_PER_MS;
  return { perSecond, p99Ns };
}

/** What `redis-benchmark -t set,get --csv` of Redis 7 printed: a header and two rows. @throws ParseError `PROGRAM_OUTPUT`. */
export function parseRedisBenchmark(stdout: string): { readonly set: RedisRequests; readonly get: RedisRequests } {
  const [header, set, get, end, ...more] = stdout.split('\n');
  if (header === HEADER && end === '' && more.length === 0) return { set: rowOf(set, 'SET'), get: rowOf(get, 'GET') };
  throw new ParseError('PROGRAM_OUTPUT', `redis-benchmark printed something else: ${quoteHead(stdout)}`);
}

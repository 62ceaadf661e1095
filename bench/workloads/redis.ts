import type { Placement, Workload } from '../model/workload.ts';

const KEYS = 20_000;
const VALUE_BYTES = 1024;

/** Writes the fixed data set in one script call; values are plain and `rdbcompression` is off, so bytes mean bytes. */
const FILL_SCRIPT = `local v = string.rep('x', ${VALUE_BYTES}) for i = 1, ${KEYS} do redis.call('SET', 'key:' .. i, v) end return ${KEYS}`;

function client(placement: Placement, ...command: readonly string[]): readonly string[] {
  return ['/usr/bin/redis-cli', '-e', '-h', '127.0.0.1', '-p', String(placement.port), ...command];
}

/** Redis without persistence of its own; `SAVE` is only ever asked for by the disk experiment. */
export const redis: Workload = {
  id: 'redis',
  title: 'Redis',
  settings: { persistence: false, rdbCompression: false, keys: KEYS, valueBytes: VALUE_BYTES },
  entry: {
    workload: 'redis',
    defaultPort: 6379,
    argv: (placement) => [
      '/usr/bin/redis-server',
      ...['--bind', placement.listen, '--port', String(placement.port)],
      ...['--protected-mode', 'no', '--daemonize', 'no', '--logfile', ''],
      ...['--save', '', '--appendonly', 'no', '--rdbcompression', 'no'],
      ...['--dir', placement.dataDir],
    ],
    ready: (placement) => ({ protocol: 'redis', port: placement.port }),
  },
  fill: (placement) => [client(placement, 'EVAL', FILL_SCRIPT, '0'), client(placement, 'SAVE')],
  fillBytes: KEYS * VALUE_BYTES,
};

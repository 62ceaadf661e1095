import type { Metric } from '../model/metric.ts';
import type { Measurement, Placement, ProgramCall, Workload } from '../model/workload.ts';
import { parseFio } from './fio-output.ts';
import { patienceFor, rate, type WorkloadOptions } from './measuring.ts';
import { sleeper } from './sleeper.ts';

const FILE_MIB = 64;
const ENGINE = 'libaio';
const DEPTHS = { random: 16, sequential: 4 } as const;

interface Job {
  readonly metric: Metric;
  readonly rw: string;
  readonly blockSize: string;
  readonly depth: number;
  readonly parse: (stdout: string) => number;
}

const JOBS: readonly Job[] = [
  {
    metric: rate('random-read', 'random reads of 4 KiB', '1/s', 'primary'),
    ...{ rw: 'randread', blockSize: '4k', depth: DEPTHS.random },
    parse: (stdout) => parseFio(stdout, 'read').iops,
  },
  {
    metric: rate('sequential-read', 'sequential reads of 1 MiB', 'B/s', 'primary'),
    ...{ rw: 'read', blockSize: '1M', depth: DEPTHS.sequential },
    parse: (stdout) => parseFio(stdout, 'read').bytesPerSecond,
  },
  {
    metric: rate('random-write', 'random writes of 4 KiB', '1/s', 'secondary'),
    ...{ rw: 'randwrite', blockSize: '4k', depth: DEPTHS.random },
    parse: (stdout) => parseFio(stdout, 'write').iops,
  },
];

/** One job on the one file, past the page cache. */
function fio({ dataDir }: Placement, name: string, options: readonly string[]): readonly string[] {
  return [
    ...['/usr/bin/fio', `--name=${name}`, `--filename=${dataDir}/fio.bin`, `--size=${FILE_MIB}M`],
    ...['--direct=1', `--ioengine=${ENGINE}`, '--output-format=json', ...options],
  ];
}

/** Writes every block of the file, with contents that cannot be compressed: reads find neither holes nor zeros. */
function prewrite(placement: Placement): ProgramCall {
  const how = ['--rw=write', '--bs=1M', `--iodepth=${DEPTHS.sequential}`, '--refill_buffers=1', '--end_fsync=1'];
  return { argv: fio(placement, 'prewrite', how) };
}

function measurementOf({ metric, rw, blockSize, depth, parse }: Job, options: WorkloadOptions): Measurement {
  const runtime = `${Math.max(1, Math.round(options.operationTimeMs))}ms`;
  return {
    id: metric.id,
    client: 'inside',
    metrics: [metric],
    prepare: (placement) => [prewrite(placement)],
    call: ({ placement }) => ({
      argv: fio(placement, metric.id, [
        ...[`--rw=${rw}`, `--bs=${blockSize}`, `--iodepth=${depth}`, '--time_based', `--runtime=${runtime}`],
        // Otherwise fio makes a file that is missing, and reads the hole.
        ...['--allow_file_create=0', '--norandommap', '--randrepeat=1'],
      ]),
    }),
    operations: 1,
    timeoutMs: patienceFor(options),
    parse: (stdout) => ({ [metric.id]: [parse(stdout)] }),
  };
}

/** Disk by direct I/O, on a file on the instance's own writable storage. */
export function fioWorkload(options: WorkloadOptions): Workload {
  return {
    id: 'fio',
    title: 'fio',
    settings: {
      ...{ fileMiB: FILE_MIB, engine: ENGINE, direct: true, operationTimeMs: options.operationTimeMs },
      ...{ randomBlock: '4k', randomDepth: DEPTHS.random, sequentialBlock: '1M', sequentialDepth: DEPTHS.sequential },
    },
    flavour: 'base',
    entry: sleeper('fio'),
    fill: () => [],
    fillBytes: 0,
    measurements: JOBS.map((job) => measurementOf(job, options)),
  };
}

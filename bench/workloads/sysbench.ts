import type { Metric } from '../model/metric.ts';
import type { Measurement, Workload } from '../model/workload.ts';
import { amountFor, patienceFor, rate, type WorkloadOptions } from './measuring.ts';
import { sleeper } from './sleeper.ts';
import { parseCpu, parseMemory, parseThreads } from './sysbench-output.ts';

const MAX_PRIME = 10_000;
const YIELDS = 1000;
/** More than a core's own caches hold. */
const BLOCK_MIB = 64;

/** sysbench counts whole seconds: so much of its work stands for one, on every runner. */
const NOMINAL = { cpuEvents: 3000, memoryMiB: 8192, threadEvents: 1000 } as const;

interface Test {
  readonly metric: Metric;
  readonly argv: readonly string[];
  readonly parse: (stdout: string) => number;
}

function measurementOf({ metric, argv, parse }: Test, options: WorkloadOptions, limitSeconds: number): Measurement {
  return {
    id: metric.id,
    client: 'inside',
    metrics: [metric],
    call: () => ({ argv: ['/usr/bin/sysbench', ...argv, `--time=${limitSeconds}`, 'run'] }),
    operations: 1,
    timeoutMs: patienceFor(options),
    parse: (stdout) => ({ [metric.id]: [parse(stdout)] }),
  };
}

function memory(operation: 'write' | 'read', mebibytes: number): readonly string[] {
  return [
    ...['memory', '--threads=1', `--memory-block-size=${BLOCK_MIB}M`, `--memory-total-size=${mebibytes}M`],
    ...[`--memory-oper=${operation}`, '--memory-access-mode=seq', '--memory-scope=global'],
  ];
}

/** Threads that lock one mutex, call sched_yield and unlock it, over and over. */
function threads(count: number, events: number): readonly string[] {
  return ['threads', `--threads=${count}`, `--thread-yields=${YIELDS}`, '--thread-locks=1', `--events=${events}`];
}

function testsOf(cpuEvents: number, memoryMiB: number, threadEvents: number): readonly Test[] {
  return [
    {
      metric: rate('cpu', 'searches for prime numbers', '1/s', 'primary'),
      argv: ['cpu', '--threads=1', `--cpu-max-prime=${MAX_PRIME}`, `--events=${cpuEvents}`],
      parse: parseCpu,
    },
    {
      metric: rate('memory-write', 'writing memory in sequence', 'B/s', 'primary'),
      argv: memory('write', memoryMiB),
      parse: parseMemory,
    },
    {
      metric: rate('memory-read', 'reading memory in sequence', 'B/s', 'secondary'),
      argv: memory('read', memoryMiB),
      parse: parseMemory,
    },
    {
      metric: rate('system-calls', 'sched_yield calls of one thread', '1/s', 'secondary'),
      argv: threads(1, threadEvents),
      parse: (stdout) => parseThreads(stdout) * YIELDS,
    },
    {
      metric: rate('switches', 'turns of two threads at one mutex', '1/s', 'secondary'),
      argv: threads(2, threadEvents),
      parse: (stdout) => parseThreads(stdout) * YIELDS,
    },
  ];
}

/** Processor, memory, system calls and switches between threads: programs that run in an instance that does nothing else. */
export function sysbenchWorkload(options: WorkloadOptions): Workload {
  const { operationTimeMs } = options;
  const cpuEvents = amountFor(NOMINAL.cpuEvents, operationTimeMs);
  const memoryMiB = BLOCK_MIB * amountFor(NOMINAL.memoryMiB / BLOCK_MIB, operationTimeMs);
  const threadEvents = amountFor(NOMINAL.threadEvents, operationTimeMs);
  // A slow instance's operation ends before its work is done; its rate is as good.
  const limitSeconds = 1 + Math.ceil((2 * operationTimeMs) / 1000);
  return {
    id: 'sysbench',
    title: 'sysbench',
    settings: {
      ...{ cpuMaxPrime: MAX_PRIME, cpuEvents, nominalCpuEventsPerSecond: NOMINAL.cpuEvents },
      ...{ memoryBlockMiB: BLOCK_MIB, memoryMiB, nominalMemoryMiBPerSecond: NOMINAL.memoryMiB },
      ...{ threadYields: YIELDS, threadLocks: 1, threadEvents, nominalThreadEventsPerSecond: NOMINAL.threadEvents },
      limitSeconds,
    },
    flavour: 'base',
    entry: sleeper('sysbench'),
    fill: () => [],
    fillBytes: 0,
    measurements: testsOf(cpuEvents, memoryMiB, threadEvents).map((test) => measurementOf(test, options, limitSeconds)),
  };
}

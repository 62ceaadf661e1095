import { ParseError, WorkloadError } from '../errors.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import type { ExecOptions, ExecResult, Instance } from '../model/runner.ts';
import type { Measurement, ProgramCall, Workload } from '../model/workload.ts';
import { quoteTail } from '../workloads/quote.ts';
import { ClockCheck } from './throughput/clock.ts';

/** As a client inside sees its own instance. */
const LOOPBACK = '127.0.0.1';

/** What one turn knows of its instance. */
interface Turn {
  readonly subject: Subject;
  readonly instance: Instance;
  readonly clock: ClockCheck;
  /** Programs that prepared the instance already: what several measurements ask for alike is done once. */
  readonly prepared: Set<string>;
}

function optionsOf({ subject }: Turn, { input }: ProgramCall, timeoutMs: number): ExecOptions {
  return { timeoutMs, signal: subject.signal, ...(input === undefined ? {} : { input }) };
}

/** @throws WorkloadError `PROGRAM_FAILED` with the end of what the program complained about. */
function stdoutOf([program = '']: readonly string[], { exitCode, stdout, stderr }: ExecResult): string {
  if (exitCode === 0) return stdout;
  const complaint = stderr.trim() === '' ? stdout : stderr;
  throw new WorkloadError('PROGRAM_FAILED', `${program} ended with ${exitCode}: ${quoteTail(complaint.trim())}`);
}

async function prepare(turn: Turn, measurement: Measurement): Promise<void> {
  const { instance, prepared } = turn;
  const { timeoutMs } = measurement;
  const open = (measurement.prepare?.(instance.placement) ?? []).filter((call) => !prepared.has(JSON.stringify(call)));
  for (const call of open) {
    stdoutOf(call.argv, await instance.exec(call.argv, optionsOf(turn, call, timeoutMs)));
    prepared.add(JSON.stringify(call));
  }
  if (open.length === 0) return;
  // What was written must not be on its way to the disk while the operation is measured.
  const sync = { argv: ['/bin/sync'] };
  stdoutOf(sync.argv, await instance.exec(sync.argv, optionsOf(turn, sync, timeoutMs)));
}

async function runInside(turn: Turn, measurement: Measurement): Promise<string> {
  const { instance, clock } = turn;
  const call = measurement.call({ placement: instance.placement, address: LOOPBACK });
  const result = await instance.timed(call.argv, optionsOf(turn, call, measurement.timeoutMs));
  const stdout = stdoutOf(call.argv, result);
  clock.compare(result);
  return stdout;
}

async function runOverBridge(turn: Turn, measurement: Measurement): Promise<string> {
  const { address, placement } = turn.instance;
  if (address === null) {
    throw new WorkloadError('NO_NETWORK', 'the instance has no network that a client could reach it over', {
      hint: 'set instance.network to "bridge"',
    });
  }
  const call = measurement.call({ placement, address });
  const result = await turn.instance.client(call.argv, optionsOf(turn, call, measurement.timeoutMs));
  return stdoutOf(call.argv, result);
}

async function measureOne(turn: Turn, measurement: Measurement): Promise<void> {
  const { subject } = turn;
  const ids = measurement.metrics.map(({ id }) => id);
  const run = measurement.client === 'inside' ? runInside : runOverBridge;
  const counts = new Map<string, number>();
  try {
    await prepare(turn, measurement);
    for (let operation = 0; operation < measurement.operations; operation += 1) {
      const readings = measurement.parse(await run(turn, measurement));
      const missing = ids.find((id) => (readings[id]?.length ?? 0) === 0);
      if (missing !== undefined)
        throw new ParseError('NO_READING', `the output of ${measurement.id} has no ${missing}`);
      for (const id of ids) {
        for (const value of readings[id] ?? []) {
          const count = counts.get(id) ?? 0;
          subject.record(id, value, count);
          counts.set(id, count + 1);
        }
      }
    }
  } catch (error) {
    // The metrics as a whole: half the operations of an instance are not its value.
    subject.fail('measure', ids, error);
  }
}

/** How much work a second one fresh instance does, by the counters of the workload's own programs. */
export function throughputExperiment(options: {
  readonly workload: Workload;
  readonly pilotBlocks: number;
  readonly fixedBlocks: number | null;
  readonly emulatedToo: boolean;
}): Experiment {
  const { workload, pilotBlocks, fixedBlocks, emulatedToo } = options;
  const metrics = workload.measurements.flatMap((measurement) => measurement.metrics);
  return {
    id: 'throughput',
    title: 'Throughput',
    workload,
    metrics,
    pilotBlocks: fixedBlocks === null ? pilotBlocks : 0,
    fixedBlocks,
    emulatedToo,
    share: 0.6,
    async measure(subject) {
      await using instance = await subject.start(metrics.map(({ id }) => id));
      const clock = new ClockCheck();
      if (workload.measurements.some(({ client }) => client === 'inside')) await clock.learnJitter(instance);
      const turn: Turn = { subject, instance, clock, prepared: new Set() };
      for (const measurement of workload.measurements) await measureOne(turn, measurement);
      const { tripped, value, message } = clock.verdict();
      subject.guard('clock', tripped, value, message);
    },
  };
}

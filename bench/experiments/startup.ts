import { WorkloadError } from '../errors.ts';
import { dropCaches } from '../host/caches.ts';
import type { Experiment, Subject } from '../model/experiment.ts';
import { sinceLaunch } from '../model/mark.ts';
import type { Metric } from '../model/metric.ts';
import type { Instance } from '../model/runner.ts';
import type { Workload } from '../model/workload.ts';

const PINGS = 5;
const PING_TIMEOUT_MS = 10_000;

function time(id: string, title: string, primary = false): Metric {
  return { id, title, unit: 'ns', better: 'lower', primary, assessableEmulated: false };
}

const METRICS: readonly Metric[] = [
  time('api', 'last launch command returned'),
  time('kernel', 'first byte on the serial console'),
  time('init', "first instruction of the guest's init"),
  time('exec', 'first instruction of the entry point'),
  time('ready', 'first valid answer of the application', true),
  time('reachable', 'first valid answer over the network'),
  time('cpu', 'CPU time of the start, daemons included'),
  time('stop', 'asked to end until gone'),
  time('kill', 'killed until gone'),
  time('channel', 'round trip of the mark channel'),
];

const MARK_METRICS = ['api', 'kernel', 'init', 'exec', 'ready', 'reachable'] as const;

/** The points that were reached; what answers inside and never over its network has failed there. */
function recordMarks(subject: Subject, { marks, address, placement }: Instance): void {
  for (const name of MARK_METRICS) {
    const ns = sinceLaunch(marks, name);
    if (ns !== undefined) subject.record(name, ns);
  }
  const { capabilities, workload } = subject;
  const asked = capabilities.marks.includes('reachable') && workload.entry.ready(placement).protocol !== 'none';
  if (address === null || !asked || marks.some(({ name }) => name === 'reachable')) return;
  const error = new WorkloadError('NOT_REACHABLE', 'it answers inside, and not over the network');
  subject.fail('measure', ['reachable'], error);
}

/** Which of the two endings a block measures: an instance ends once, so blocks take turns, the same for every runner. */
function endingOf(subject: Subject): 'stop' | 'kill' {
  return subject.block % 2 === 0 ? 'stop' : 'kill';
}

async function recordEnding(subject: Subject, instance: Instance, timeoutMs: number): Promise<void> {
  const how = endingOf(subject);
  try {
    const ending = await instance.end(how, timeoutMs);
    if (ending.timedOut) {
      throw new WorkloadError('STOP_TIMEOUT', `not gone ${timeoutMs} ms after it was asked to ${how}`);
    }
    subject.record(how, Number(ending.goneNs - ending.startedNs));
  } catch (error) {
    subject.fail('end', [how], error);
  }
}

async function recordChannel(subject: Subject, instance: Instance): Promise<void> {
  try {
    for (let operation = 0; operation < PINGS; operation += 1) {
      subject.record('channel', await instance.ping(PING_TIMEOUT_MS), operation);
    }
  } catch (error) {
    subject.fail('measure', ['channel'], error);
  }
}

/**
 * How long one fresh instance takes from its first launch command to each named end point, and to its end; `cold` forgets
 * beforehand what the host has read from its disks, and is an experiment of its own.
 */
export function startupExperiment(options: {
  readonly workload: Workload;
  readonly pilotBlocks: number;
  readonly stopTimeoutMs: number;
  readonly cold?: boolean;
}): Experiment {
  const cold = options.cold === true;
  return {
    id: cold ? 'cold' : 'startup',
    title: cold ? 'Startup, cold' : 'Startup',
    workload: options.workload,
    metrics: METRICS,
    pilotBlocks: options.pilotBlocks,
    fixedBlocks: null,
    emulatedToo: true,
    share: 2,
    async measure(subject) {
      if (cold) await dropCaches(subject.signal);
      const daemons = await subject.prepared.daemons();
      const before = subject.hostCpuNs(daemons);
      await using instance = await subject.start([...MARK_METRICS, 'cpu'], { reach: true });
      const after = subject.hostCpuNs(daemons);
      const own = await instance.cpuNs();
      recordMarks(subject, instance);
      if (before !== null && after !== null && own !== null) subject.record('cpu', after - before + own);
      await recordChannel(subject, instance);
      await recordEnding(subject, instance, options.stopTimeoutMs);
    },
  };
}

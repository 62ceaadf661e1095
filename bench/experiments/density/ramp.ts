import { WorkloadError } from '../../errors.ts';
import type { KernelCounter } from '../../host/kernel-limits.ts';
import type { MemoryState } from '../../host/memory.ts';
import type { Subject } from '../../model/experiment.ts';
import type { RampStep } from '../../model/journal.ts';
import { median } from '../../stats/quantile.ts';
import type { RampPoint } from '../../stats/slope.ts';
import { Fleet } from './fleet.ts';
import type { RampHost } from './host.ts';
import { kernelRoom, nextStep, type Outlook, predictedBytes, type Room } from './outlook.ts';
import { memoryFloor, type Stop, violation } from './rules.ts';
import { settled } from './settle.ts';
import { rampSteps } from './steps.ts';
import { Watchdog } from './watchdog.ts';

/** FIFOs, sockets and a process's pipes: what tare itself holds open for one instance, rather too many. */
const FILES_PER_INSTANCE = 8;
const FILES_OF_TARE = 512;

export interface RampOptions {
  readonly arm: 'idle' | 'loaded';
  readonly ceiling: number;
  readonly slowdown: number;
  /** Milliseconds after which nothing more is started. */
  readonly timeMs: number;
  /** Bytes that the first instances are taken to need, before it is known. */
  readonly assumedBytes: number;
  /** Metrics that are missing where not even the first instance starts. */
  readonly metrics: readonly string[];
}

/** How a ramp went. */
export interface RampResult {
  /** Instances and bytes after each step that passed every rule. */
  readonly points: readonly RampPoint[];
  /** Memory after the last of these; null where none passed. */
  readonly memory: MemoryState | null;
  readonly floorBytes: number;
  readonly stop: Stop;
}

/** The ramp between two steps. */
class Ramp {
  readonly points: RampPoint[] = [];
  /** The same in what this process may use, which in a limited cgroup is not the host's: what decides how far to go. */
  readonly #own: RampPoint[] = [];
  memory: MemoryState | null = null;
  readonly #subject: Subject;
  readonly #host: RampHost;
  readonly #options: RampOptions;
  readonly #fleet: Fleet;
  readonly #watchdog: Watchdog;
  readonly #steps: readonly number[];
  readonly #base: MemoryState;
  readonly #counters: readonly KernelCounter[];
  readonly #floorBytes: number;
  readonly #beganMs: number;
  /** What the last step took for each instance that it started. */
  #eachMs = 0;
  #firstStartNs: number | null = null;
  #kernel: Room | null = null;

  constructor(
    subject: Subject,
    host: RampHost,
    options: RampOptions,
    base: MemoryState,
    fleet: Fleet,
    watchdog: Watchdog,
  ) {
    this.#subject = subject;
    this.#host = host;
    this.#options = options;
    this.#base = base;
    this.#fleet = fleet;
    this.#watchdog = watchdog;
    this.#floorBytes = memoryFloor(base.totalBytes);
    this.#steps = rampSteps(options.ceiling);
    this.#counters = host.counters();
    this.#beganMs = host.nowMs();
  }

  get #leftMs(): number {
    return this.#options.timeMs - (this.#host.nowMs() - this.#beganMs);
  }

  /** Step after step until one breaks a rule or there is no room for another. */
  async run(): Promise<Stop> {
    let next = nextStep(this.#outlook(this.#base));
    if ('stop' in next) return next.stop;
    for (;;) {
      this.#subject.signal.throwIfAborted();
      const startNs = await this.#grow(next.target);
      const memory = await settled(
        this.#host,
        this.#base.hostUsedBytes,
        this.#subject.signal,
        () => this.#watchdog.crossed,
      );
      await this.#fleet.ping();
      await this.#watchdog.quiet();
      this.#subject.signal.throwIfAborted();
      const broken = this.#judge(startNs);
      if (broken) return this.#journal(memory, startNs, broken);
      const count = this.#fleet.alive;
      this.points.push({ count, bytes: memory.hostUsedBytes - this.#base.hostUsedBytes });
      this.#own.push({ count, bytes: this.#base.availableBytes - memory.availableBytes });
      this.memory = memory;
      next = nextStep(this.#outlook(memory));
      if ('stop' in next) return this.#journal(memory, startNs, next.stop);
      this.#journal(memory, startNs, null);
    }
  }

  /** @returns the median time to ready of the step's starts. */
  async #grow(target: number): Promise<number | null> {
    const mayGoOn = () => !this.#watchdog.crossed;
    const { launched } = this.#fleet;
    const beganMs = this.#host.nowMs();
    const metrics = this.points.length === 0 ? this.#options.metrics : [];
    const times = await this.#fleet.grow({ target, mayStart: () => mayGoOn() && this.#leftMs > 0, metrics });
    if (this.#options.arm === 'loaded') await this.#fleet.fill(mayGoOn);
    this.#eachMs = (this.#host.nowMs() - beganMs) / Math.max(1, this.#fleet.launched - launched);
    const startNs = times.length === 0 ? null : median(times);
    this.#firstStartNs ??= startNs;
    return startNs;
  }

  #judge(startNs: number | null): Stop | null {
    this.#watchdog.look();
    const { failedStarts, dead, killed } = this.#fleet;
    return violation({
      floorBytes: this.#floorBytes,
      lowestBytes: this.#watchdog.lowestBytes,
      pressure: this.#host.memoryPressure(),
      startNs,
      firstStartNs: this.#firstStartNs,
      slowdown: this.#options.slowdown,
      failedStarts,
      dead,
      killed,
    });
  }

  /** The kernel limit that would be met first, as last computed. */
  get kernel(): Room | null {
    return this.#kernel;
  }

  #outlook(memory: MemoryState): Outlook {
    const count = this.#fleet.alive;
    this.#kernel = count === 0 ? null : kernelRoom(this.#counters, this.#host.counters(), count);
    return {
      count,
      steps: this.#steps,
      availableBytes: memory.availableBytes,
      floorBytes: this.#floorBytes,
      perInstance: predictedBytes(this.#own, this.#options.assumedBytes),
      kernel: this.#kernel,
      leftMs: this.#leftMs,
      eachMs: this.#eachMs,
    };
  }

  #journal<T extends Stop | null>(memory: MemoryState, startNs: number | null, stop: T): T {
    const { launched, ready, alive } = this.#fleet;
    const step: RampStep = {
      arm: this.#options.arm,
      launched,
      ready,
      alive,
      usedBytes: memory.hostUsedBytes - this.#base.hostUsedBytes,
      availableBytes: memory.availableBytes,
      startNs,
      stop,
    };
    this.#subject.ramp(step);
    return stop;
  }
}

/** Not a doubt: the report says which limit comes next, whatever ended the ramp. */
function sayLimit(subject: Subject, arm: string, count: number, { name, instances }: Room): void {
  const total = count + instances;
  subject.guard(
    `ramp-limit-${arm}`,
    false,
    total,
    `the next limit of the kernel: ${name}, at about ${total} instances`,
  );
}

/**
 * Starts instances in steps until a rule ends the ramp; all of them are gone when it returns or throws.
 * A failed start and an instance that does not answer are journalled as they happen.
 * @throws only on interruption, where something could not be removed, and where the journal cannot be written.
 */
export async function runRamp(subject: Subject, host: RampHost, options: RampOptions): Promise<RampResult> {
  await host.allowOpenFiles(options.ceiling * FILES_PER_INSTANCE + FILES_OF_TARE);
  const base = await settled(host, host.memory().hostUsedBytes, subject.signal);
  const floorBytes = memoryFloor(base.totalBytes);
  if (host.memoryPressure() === null) {
    subject.guard(
      'ramp-pressure',
      false,
      null,
      'this host does not tell its memory pressure: the ramp cannot stop for it',
    );
  }
  // Before the fleet, so that it still watches while that is taken away.
  using watchdog = new Watchdog(
    () => host.memory(),
    floorBytes,
    { killNewest: (count) => fleet.killNewest(count) },
    host.pace.watchMs,
  );
  await using fleet = new Fleet(subject);
  const ramp = new Ramp(subject, host, options, base, fleet, watchdog);
  const stop = await ramp.run();
  if (ramp.kernel) sayLimit(subject, options.arm, ramp.points.at(-1)?.count ?? 0, ramp.kernel);
  if (ramp.points.length === 0) {
    subject.fail(
      'measure',
      options.metrics,
      new WorkloadError('NO_STEP', `not even the first step passed: ${stop.message}`),
    );
  }
  return { points: ramp.points, memory: ramp.memory, floorBytes, stop };
}

import { inspect } from 'node:util';
import { Bench as TinyBench, type BenchOptions, type Fn, type FnOptions } from 'tinybench';

export * from 'tinybench';

/** How long and how often; the runner sets it before it imports a suite. */
export const bounds = {
  /** Milliseconds of one task; half as long before, to warm up. */
  timeMs: 250,
  /** Only name the tasks: not one of their functions is called. */
  namesOnly: false,
};

/** Runs of a task that are enough however slow it is: tinybench's own least numbers are 64 and 16. */
const LEAST_RUNS = 5;
const LEAST_WARM_UPS = 2;

const AsyncFunction = (async () => {}).constructor;

/** tinybench takes its own timing, without a word, where a task returns a duration that is none. */
function assertDuration(returned: unknown): unknown {
  if (typeof returned !== 'object' || returned === null || !('overriddenDuration' in returned)) return returned;
  const { overriddenDuration: duration } = returned;
  if (duration === undefined || (typeof duration === 'number' && Number.isFinite(duration) && duration > 0)) {
    return returned;
  }
  throw new RangeError(`it returned the duration ${inspect(duration)}`);
}

function checked(fn: Fn): Fn {
  return function (this: unknown) {
    const returned = fn.call(this);
    if (returned instanceof Promise) return returned.then((value: unknown) => assertDuration(value));
    return assertDuration(returned);
  };
}

/** What a suite gets as tinybench's `Bench`: the same, with every sample kept and every task's time bounded. */
export class Bench extends TinyBench {
  constructor(options: BenchOptions = {}) {
    if ((options.concurrency ?? null) !== null) {
      throw new TypeError('concurrency must be left null: tasks that run at once cannot be told apart');
    }
    super({
      ...options,
      retainSamples: true,
      throws: true,
      time: bounds.timeMs,
      warmupTime: bounds.timeMs / 2,
      iterations: Math.min(options.iterations ?? LEAST_RUNS, LEAST_RUNS),
      warmupIterations: Math.min(options.warmupIterations ?? LEAST_WARM_UPS, LEAST_WARM_UPS),
    });
  }

  override add(name: string, fn: Fn, options: FnOptions = {}): this {
    // tinybench finds out by calling it whether a function is asynchronous, unless it is told.
    const async = options.async ?? (fn instanceof AsyncFunction ? true : bounds.namesOnly ? false : undefined);
    return super.add(name, checked(fn), {
      ...options,
      retainSamples: true,
      ...(async === undefined ? {} : { async }),
    });
  }
}

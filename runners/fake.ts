import { CommandError, ResourceError, StartError, WorkloadError } from '../bench/errors.ts';
import { MARK_NAMES, type Mark, type MarkName } from '../bench/model/mark.ts';
import type { ResourceRef } from '../bench/model/owner.ts';
import {
  defineRunner,
  type Capabilities,
  type EffectiveLimits,
  type Ending,
  type ExecOptions,
  type ExecResult,
  type Instance,
  type InstanceSpec,
  type Runner,
  type RunContext,
  type StartOptions,
  type Support,
} from '../bench/model/runner.ts';
import { delay, nowNs } from '../bench/proc/clock.ts';
import { ownedName } from '../bench/proc/owner.ts';

export interface FakeOptions {
  readonly id?: string;
  readonly capabilities?: Partial<Capabilities>;
  /** Nanoseconds since launch at which the n-th start reaches a mark; default 1 ms, 2 ms, … in order. */
  readonly markNs?: (mark: MarkName, start: number) => number;
  /** A code makes the n-th start fail after `exec`. */
  readonly failStart?: (start: number) => string | undefined;
  /** A code makes the ending of the n-th start fail. */
  readonly failEnd?: (start: number) => string | undefined;
  /** What it says that its instances got. */
  readonly limits?: Partial<EffectiveLimits>;
  /** What they really got, where that is not what the spec asks. */
  readonly applied?: Partial<Applied>;
  /** What a program prints and ends with, inside or as a client; undefined: what a box answers by default. */
  readonly program?: (argv: readonly string[], start: number) => ExecResult | undefined;
  /** Nanoseconds that the n-th start's announced programs take; default what `/bin/sleep` is told, else 1 ms. */
  readonly runNs?: (argv: readonly string[], start: number) => number;
  readonly unsupported?: Extract<Support, { ok: false }>;
}

interface Applied {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Of programs that are run inside, as /proc/PID/status has them. */
  readonly capabilities: string;
  readonly seccomp: number;
  readonly apparmor: string;
  /** What they find in their environment, a line for each variable. */
  readonly environment: string;
}

const MARKS: readonly MarkName[] = ['launched', 'api', 'exec', 'ready', 'reachable'];

function sleepNs(argv: readonly string[]): number | undefined {
  return argv[0] === '/bin/sleep' ? Number(argv[1]) * 1e9 : undefined;
}

/** What a box in memory answers; just enough of a shell for the conformance suite. */
function answer(
  argv: readonly string[],
  files: Set<string>,
  applied: Applied,
  { timeoutMs, input = '' }: ExecOptions,
): ExecResult {
  const result = (exitCode: number, stdout = '', stderr = '') => ({ exitCode, stdout, stderr });
  if (argv[0]?.startsWith('/no/such/')) throw new CommandError('NOT_RUN', `${argv[0]} could not be run`);
  if (argv[0] === '/bin/echo') return result(0, `${argv.slice(1).join(' ')}\n`);
  if (argv.join(' ') === '/bin/cat /proc/self/status') {
    const { capabilities, seccomp } = applied;
    return result(0, `CapEff:\t${capabilities}\nSeccomp:\t${seccomp}\n`);
  }
  if (argv.join(' ') === '/bin/cat /proc/self/attr/current') return result(0, `${applied.apparmor}\n`);
  if (argv[0] === '/bin/cat') return result(0, input);
  if (argv[0] === '/usr/bin/env') return result(0, applied.environment);
  if (argv[0] === '/usr/bin/nproc') return result(0, `${applied.cpus}\n`);
  const held = argv[0] === '/bin/dd' ? /bs=(\d+)/.exec(argv.join(' '))?.[1] : undefined;
  if (held !== undefined) return result(Number(held) > applied.memoryBytes ? 137 : 0);
  if (argv[0] === '/usr/bin/redis-cli') return result(0, 'PONG\n');
  if ((sleepNs(argv) ?? 0) > timeoutMs * 1e6) {
    throw new CommandError('COMMAND_TIMEOUT', 'no end before the deadline');
  }
  const script = argv[0] === '/bin/sh' && argv[1] === '-c' ? (argv[2] ?? '') : '';
  if (script.startsWith('head ')) throw new CommandError('OUTPUT_TOO_LARGE', 'more output than allowed');
  if (script === 'kill -TERM $$') return result(143);
  const [, written] = /^echo \w+ > (\S+)$/.exec(script) ?? [];
  if (written !== undefined) files.add(written);
  const [, tested] = /^test -e (\S+)$/.exec(script) ?? [];
  if (tested !== undefined) return result(files.has(tested) ? 0 : 1);
  const [, message = '', code = '0'] = /^echo (\w+) >&2; exit (\d+)$/.exec(script) ?? [];
  return result(Number(code), '', message);
}

/** A runner in memory, for tests of everything that uses one: it starts nothing, and can be told to fail. */
export function fakeRunner(options: FakeOptions = {}): Runner & { readonly alive: ReadonlyMap<string, ResourceRef> } {
  const id = options.id ?? 'fake';
  const capabilities: Capabilities = {
    isolation: 'container',
    accelerator: 'none',
    marks: MARKS,
    designed: [],
    ...options.capabilities,
  };
  const alive = new Map<string, ResourceRef>();
  let starts = 0;

  function limitsOf(spec: InstanceSpec, cpus = spec.cpus): EffectiveLimits {
    return {
      cpus,
      memoryBytes: spec.memoryBytes,
      swapBytes: 0,
      cpuQuota: null,
      seccomp: 2,
      capabilities: '00000000a80425fb',
      apparmor: 'unconfined',
      vcpus: null,
      emulatorCpus: null,
      diskCache: null,
      accelerator: capabilities.accelerator,
      kernel: '6.1.0-fake',
      hugePages: 'madvise',
      ...options.limits,
    };
  }

  function marksUntil(last: MarkName, order: number): Mark[] {
    const launchedNs = nowNs();
    const names = capabilities.marks.slice(0, capabilities.marks.indexOf(last) + 1);
    const after = options.markNs ?? ((mark) => MARK_NAMES.indexOf(mark) * 1e6);
    return names.map((name) => ({ name, atNs: launchedNs + BigInt(name === 'launched' ? 0 : after(name, order)) }));
  }

  async function neverReady(spec: InstanceSpec, run: RunContext, order: number): Promise<never> {
    const endsAtOnce = spec.entry.workload === 'ends-at-once';
    if (!endsAtOnce) await delay(Math.min(run.startTimeoutMs, 50), run.signal);
    const code = endsAtOnce ? 'WORKLOAD_EXITED' : 'MARK_TIMEOUT';
    throw new StartError(code, 'the fake entry never answers', { marks: marksUntil('exec', order), logs: {} });
  }

  async function start(
    spec: InstanceSpec,
    run: RunContext,
    index: number,
    { cpus, reach = false }: StartOptions = {},
  ): Promise<Instance> {
    run.signal.throwIfAborted();
    const order = starts++;
    const failure = options.failStart?.(order);
    if (failure !== undefined) {
      throw new StartError(failure, 'told to fail', { marks: marksUntil('exec', order), logs: { 'console.log': 'x' } });
    }
    if (spec.entry.workload === 'never-ready' || spec.entry.workload === 'ends-at-once') {
      return neverReady(spec, run, order);
    }
    const name = ownedName(run.owner.tag, `${id}-${index}`);
    const ref: ResourceRef = { kind: 'container', id: name, tag: run.owner.tag };
    const files = new Set<string>();
    const { seccomp, apparmor, capabilities: effective } = limitsOf(spec);
    const applied = {
      ...{ cpus: (cpus ?? spec.cpus).length, memoryBytes: spec.memoryBytes },
      ...{ capabilities: effective ?? '', seccomp: seccomp ?? 0, apparmor: apparmor ?? '', environment: '' },
      ...options.applied,
    };
    alive.set(name, ref);
    const requireAlive = () => {
      if (!alive.has(name)) throw new WorkloadError('GONE', `${name} is gone`);
    };
    const inside: Instance['exec'] = async (argv, limits) => {
      requireAlive();
      return options.program?.(argv, order) ?? answer(argv, files, applied, limits);
    };
    const address = spec.network === 'none' ? null : `198.18.0.${2 + (index % 250)}`;
    return {
      ref,
      placement: { dataDir: '/tare/data', listen: '0.0.0.0', port: spec.entry.defaultPort },
      marks: marksUntil(reach ? 'reachable' : 'ready', order),
      launch: [{ argv: ['fake', 'start', name], startedNs: nowNs(), endedNs: nowNs() }],
      logs: {},
      exec: inside,
      timed: async (argv, limits) => {
        const result = await inside(argv, limits);
        const insideNs = options.runNs?.(argv, order) ?? sleepNs(argv) ?? 1e6;
        const startedNs = nowNs();
        return { ...result, startedNs, endedNs: startedNs + BigInt(insideNs), insideNs };
      },
      address,
      client: async (argv, limits) => {
        if (address === null) throw new ResourceError('NO_NETWORK', `${name} has no network`);
        return inside(argv, limits);
      },
      describe: async () => limitsOf(spec, cpus),
      ping: async () => {
        requireAlive();
        return 20_000;
      },
      cpuNs: async () => 5_000_000,
      diskPaths: () => [`/nowhere/${name}`],
      end: async (how): Promise<Ending> => {
        const code = options.failEnd?.(order);
        if (code !== undefined) throw new WorkloadError(code, 'told to fail');
        alive.delete(name);
        const startedNs = nowNs();
        return { startedNs, goneNs: startedNs + (how === 'stop' ? 3_000_000n : 1_000_000n), timedOut: false };
      },
      [Symbol.asyncDispose]: async () => {
        alive.delete(name);
      },
    };
  }

  return {
    ...defineRunner({
      id,
      apiVersion: 1,
      probe: async () =>
        options.unsupported ?? { ok: true, as: id, title: `fake ${id}`, capabilities, versions: { fake: '1' } },
      prepare: async (spec) => ({
        digest: spec.image.manifest.digest,
        distribution: async () => ({ tree: 1_000_000 }),
        imagePaths: async () => ['/nowhere/image'],
        daemons: async () => [],
        start: (run, index, over) => start(spec, run, index, over),
        [Symbol.asyncDispose]: async () => {},
      }),
      sweep: async (owner, context) => {
        const found = [...alive.values()].filter((ref) => owner.matches(ref.tag));
        if (!context.dryRun) for (const ref of found) alive.delete(ref.id);
        return found;
      },
    }),
    alive,
  };
}

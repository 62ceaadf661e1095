import { mkdirSync, readdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { StartError } from '../../bench/errors.ts';
import type { InstanceSpec, OptionValues, Runner, RunContext } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { exec } from '../../bench/proc/exec.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { allPids } from '../../runners/shared/processes.ts';
import { theImage } from './probe-box.ts';
import { procText } from './proc.ts';

/** The shared state folder, for its cached kernel and disk: libvirt's user must be able to reach it. */
export const STATE = '/var/lib/tare';
export const EXEC = { timeoutMs: 60_000 };

export interface Guests {
  readonly spec: InstanceSpec;
  readonly run: RunContext;
  /** Domains, processes and links of this run that are on the host, and its files. */
  readonly left: () => Promise<readonly string[]>;
}

interface Over {
  readonly entry?: EntryPoint;
  readonly startTimeoutMs?: number;
  readonly diskCache?: 'writeback';
  readonly cpus?: readonly number[];
  readonly options?: OptionValues;
}

/** Command lines of emulators with guests of a run. */
function emulatorsOf(tag: string): readonly string[] {
  return allPids().flatMap((pid) => {
    const words = procText(pid, 'cmdline');
    return words.includes(`guest=tare-${tag}`) ? [words.slice(0, 100)] : [];
  });
}

export async function withGuests(
  t: ExecutionContext,
  over: Over,
  work: (guests: Guests) => Promise<void>,
): Promise<void> {
  t.timeout(300_000);
  const { signal } = new AbortController();
  await using ownership = takeOwnership(STATE, signal);
  const { owner, runDir } = ownership;
  mkdirSync(runDir, { recursive: true });
  const { entry = redis.entry, startTimeoutMs = 120_000, diskCache = 'none', cpus = [1], options = {} } = over;
  const image = await theImage();
  const limits = { cpus, clientCpus: [0], memoryBytes: 256 * 2 ** 20 };
  const spec: InstanceSpec = { image, entry, ...limits, diskCache, network: 'bridge' };
  const run = { owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs, options } as const;
  const left = async () => {
    const domains = await exec(['virsh', '-c', 'qemu:///system', 'list', '--all', '--name']);
    const links = await exec(['ip', '-oneline', 'link', 'show']);
    // A link by its name: whether it is up is seen a moment after its ports have gone.
    const names = links.stdout.split('\n').map((line) => line.split(': ')[1] ?? '');
    const lines = [...domains.stdout.split('\n'), ...names].filter((line) => line.includes(owner.tag));
    return [...lines, ...emulatorsOf(owner.tag), ...readdirSync(runDir)];
  };
  await work({ spec, run, left });
  t.deepEqual(await left(), []);
}

/** The failure of a start of this runner's, after which nothing is left. @param prefix begins the names of its guests' folders. */
export async function failureOf(
  t: ExecutionContext,
  { spec, run }: Guests,
  runner: Runner,
  prefix: string,
): Promise<StartError> {
  await using prepared = await runner.prepare(spec, run);
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  if (!error) throw new StartError('NONE', 'nothing was thrown', { marks: [], logs: {} });
  t.deepEqual(
    readdirSync(run.runDir).filter((name) => new RegExp(`^${prefix}\\d`).test(name)),
    [],
  );
  return error;
}

export function namesOf(marks: readonly { readonly name: string }[]): readonly string[] {
  return marks.map(({ name }) => name);
}

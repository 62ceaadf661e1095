import { mkdirSync, readdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { StartError } from '../../bench/errors.ts';
import { sinceLaunch } from '../../bench/model/mark.ts';
import type { Instance, InstanceSpec, OptionValues, Prepared, RunContext } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { exec } from '../../bench/proc/exec.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { theImage } from './probe-box.ts';

/** The shared state folder, for its cached disks: libvirt's user must be able to reach it. */
export const STATE = '/var/lib/tare';
export const EXEC = { timeoutMs: 60_000 };
const START_MS = 240_000;

export interface Guests {
  readonly spec: InstanceSpec;
  readonly run: RunContext;
  readonly prepared: Prepared;
  /** Domains and links of this run that are on the host, and files of its guests. */
  readonly left: () => Promise<readonly string[]>;
}

interface Over {
  readonly entry?: EntryPoint;
  readonly startTimeoutMs?: number;
  readonly memoryBytes?: number;
  readonly vmImage?: string;
  readonly options?: OptionValues;
}

export async function withGuests(
  t: ExecutionContext,
  over: Over,
  work: (guests: Guests) => Promise<void>,
): Promise<void> {
  t.timeout(900_000);
  const { signal } = new AbortController();
  await using ownership = takeOwnership(STATE, signal);
  const { owner, runDir } = ownership;
  mkdirSync(runDir, { recursive: true });
  const { entry = redis.entry, startTimeoutMs = START_MS, memoryBytes = 256 * 2 ** 20, vmImage, options = {} } = over;
  const image = await theImage();
  const spec: InstanceSpec = {
    ...{ image, entry, cpus: [1], clientCpus: [0], memoryBytes, diskCache: 'writeback', network: 'bridge' },
  };
  const run: RunContext = {
    ...{ owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs, options },
    ...(vmImage === undefined ? {} : { vmImage }),
  };
  const left = async () => {
    const domains = await exec(['virsh', '-c', 'qemu:///system', 'list', '--all', '--name']);
    const links = await exec(['ip', '-oneline', 'link', 'show']);
    return `${domains.stdout}\n${links.stdout}`.split('\n').filter((line) => line.includes(owner.tag));
  };
  {
    await using prepared = await kvmRunner.prepare(spec, run);
    await work({ spec, run, prepared, left });
    t.deepEqual(
      readdirSync(runDir).filter((name) => name.startsWith('sys')),
      [],
    );
  }
  t.deepEqual([...(await left()), ...readdirSync(runDir)], []);
}

export async function failedStart(t: ExecutionContext, { prepared, run }: Guests): Promise<StartError> {
  const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
  return error ?? new StartError('NONE', 'nothing was thrown', { marks: [], logs: {} });
}

export function namesOf(marks: readonly { readonly name: string }[]): readonly string[] {
  return marks.map(({ name }) => name);
}

export function phases(t: ExecutionContext, guest: Instance): void {
  t.deepEqual(namesOf(guest.marks), ['launched', 'api', 'kernel', 'init', 'exec', 'ready']);
  const at = namesOf(guest.marks).map((name) => sinceLaunch(guest.marks, name as 'ready') ?? 0);
  t.deepEqual(
    at.slice(2),
    at.slice(2).toSorted((a, b) => a - b),
  );
  t.log(
    namesOf(guest.marks)
      .map((name, index) => `${name} ${((at[index] ?? 0) / 1e9).toFixed(1)} s`)
      .join(', '),
  );
}

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  codeOf,
  InterruptedError,
  messageOf,
  ResourceError,
  StartError,
  TareError,
  WorkloadError,
} from '../../bench/errors.ts';
import type { Mark } from '../../bench/model/mark.ts';
import type { Instance, InstanceSpec, LaunchCommand, RunContext } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import { nowNs, waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { GuestOutput, sanitise, tellingLines } from '../../vms/console.ts';
import type { BaseDisk } from '../../vms/disk.ts';
import { domainXml } from '../../vms/domain-xml.ts';
import type { Kernel } from '../../vms/kernel.ts';
import { QemuProcess } from '../../vms/qemu-process.ts';
import { createDomain, destroyDomain } from '../../vms/virsh.ts';
import type { AddressLease, RunBridge } from '../shared/bridge.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { Guest } from './instance.ts';
import { runsOnKvm } from './limits.ts';

/** How often a starting guest's process is looked at. */
const WATCH_MS = 10;
const GONE_TIMEOUT_MS = 30_000;

/** What all guests of one spec share. */
export interface Shared {
  readonly spec: InstanceSpec;
  readonly accelerator: 'kvm' | 'tcg';
  readonly kernel: Kernel;
  /** The kernel's initial file tree, and after it the entry point. */
  readonly initrd: string;
  readonly disk: BaseDisk;
  readonly placement: Placement;
  readonly bridge: RunBridge | null;
}

/** The same for every guest: messages up to "notice" on the console, and a panic ends the domain. */
export const COMMAND_LINE = ['console=ttyS0', 'loglevel=6', 'panic=-1'] as const;

/** Everything of one start that a failure must report or undo. */
interface Attempt {
  readonly name: string;
  readonly folder: string;
  readonly xml: string;
  readonly marks: Mark[];
  readonly launch: LaunchCommand[];
  readonly undo: AsyncDisposableStack;
  console?: GuestOutput;
  output?: GuestOutput;
  channel?: MarkChannel;
  qemu?: QemuProcess;
}

/** Unique on the host, since addresses are: the run's subnet is nobody else's. */
function macFor(address: string): string {
  const bytes = address
    .split('.')
    .slice(1)
    .map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['52', '54', '00', ...bytes].join(':');
}

function plan(shared: Shared, run: RunContext, index: number, lease: AddressLease | undefined) {
  const name = ownedName(run.owner.tag, `vm${index}`);
  const folder = join(run.runDir, `vm${index}`);
  const { spec, bridge } = shared;
  const path = (file: string) => join(folder, file);
  const xml = domainXml({
    name,
    owner: run.owner,
    accelerator: shared.accelerator,
    memoryBytes: spec.memoryBytes,
    cpus: spec.cpus,
    kernel: shared.kernel.vmlinuz,
    initrd: shared.initrd,
    commandLine: [...COMMAND_LINE, ...(lease ? [`tare.ip=${lease.withPrefix}`] : [])].join(' '),
    overlay: path('overlay.qcow2'),
    base: shared.disk.path,
    diskCache: spec.diskCache,
    network: bridge && lease ? { bridge: bridge.name, mac: macFor(lease.address) } : null,
    pipes: { console: path('console'), marks: path('marks'), output: path('output') },
  });
  return { name, folder, xml };
}

/** Asks libvirt to end the domain and waits until nothing of it is left; one that never came to be is fine. */
async function removeDomain(attempt: Attempt): Promise<void> {
  if (attempt.qemu?.isGone) return;
  await destroyDomain(attempt.name);
  const { qemu } = attempt;
  if (!qemu || (await waitUntil(() => qemu.isGone, { timeoutMs: GONE_TIMEOUT_MS }))) return;
  throw new ResourceError('DOMAIN_STAYS', `the domain ${attempt.name} could not be removed`, {
    hint: `try: virsh -c qemu:///system destroy ${attempt.name}`,
  });
}

/** The instruments, made before the clock starts: the mark channel, and the host's ends of console and output. */
async function attach(attempt: Attempt): Promise<void> {
  const { folder, undo } = attempt;
  const path = (file: string) => join(folder, file);
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { mode: 0o755 });
  await makeFifos(...['console', 'marks', 'output'].flatMap((name) => [path(`${name}.in`), path(`${name}.out`)]));
  attempt.console = undo.use(new GuestOutput(path('console.out')));
  attempt.output = undo.use(new GuestOutput(path('output.out')));
  attempt.channel = undo.use(new MarkChannel(path('marks.out'), path('marks.in')));
}

async function launch(attempt: Attempt, shared: Shared): Promise<void> {
  const { folder, undo, xml } = attempt;
  const path = (file: string) => join(folder, file);
  const overlay = [
    'qemu-img',
    'create',
    '-q',
    '-f',
    'qcow2',
    '-F',
    'raw',
    '-b',
    shared.disk.path,
    path('overlay.qcow2'),
  ];
  const [made] = await Promise.all([exec(overlay), writeFile(path('domain.xml'), xml)]);
  attempt.launch.push({ argv: made.argv, startedNs: made.startedNs, endedNs: made.endedNs });
  undo.defer(() => removeDomain(attempt));
  const { argv, startedNs, endedNs } = await createDomain(path('domain.xml'));
  attempt.launch.push({ argv, startedNs, endedNs });
  attempt.marks.push({ name: 'api', atNs: endedNs });
  attempt.qemu = new QemuProcess(attempt.name);
}

/** Waits for `ready`; a guest whose process ends meanwhile fails at once, not at the deadline. */
async function awaitReady(attempt: Attempt, run: RunContext): Promise<void> {
  const { channel, qemu } = attempt;
  if (!channel || !qemu) return;
  const end = new AbortController();
  const launchedNs = attempt.marks[0]?.atNs ?? 0n;
  const leftMs = Math.max(0, Math.round(run.startTimeoutMs - Number(nowNs() - launchedNs) / 1e6));
  const signal = AbortSignal.any([run.signal, end.signal]);
  const watch = waitUntil(() => !qemu.isAlive, { timeoutMs: leftMs, everyMs: WATCH_MS, signal });
  void watch.then((gone) => gone && end.abort());
  try {
    await channel.waitFor('ready', leftMs, signal);
  } catch (error) {
    if (run.signal.aborted) throw new InterruptedError('INTERRUPTED', 'interrupted while a guest started');
    if (qemu.isAlive || codeOf(error) === 'WORKLOAD_EXITED') throw error;
    const last = tellingLines(attempt.console?.raw ?? '', 3);
    throw new WorkloadError('DOMAIN_GONE', `the guest ended before it was ready${last === '' ? '' : `: ${last}`}`, {
      cause: error,
    });
  } finally {
    end.abort();
  }
}

/** Adds the marks that were reached, in the order in which they can happen. */
function collectMarks({ marks, console, channel }: Attempt): void {
  const reached = [
    ['kernel', console?.firstByteNs],
    ['init', console?.initNs],
    ['exec', channel?.at('exec')],
    ['ready', channel?.at('ready')],
  ] as const;
  for (const [name, atNs] of reached) if (atNs !== undefined) marks.push({ name, atNs });
}

function logsOf({ xml, console, output }: Attempt): Readonly<Record<string, string>> {
  return {
    'domain.xml': xml,
    'console.log': sanitise(console?.raw ?? ''),
    'output.log': sanitise(output?.raw ?? ''),
  };
}

async function fail(attempt: Attempt, error: unknown, run: RunContext): Promise<never> {
  collectMarks(attempt);
  const logs = logsOf(attempt);
  // What could not be removed is said after what failed first.
  const left = await attempt.undo.disposeAsync().then(
    () => '',
    (cleaning: unknown) => `; then its remains could not be removed: ${messageOf(cleaning)}`,
  );
  if (left === '' && run.signal.aborted && error instanceof InterruptedError) throw error;
  const hint = error instanceof TareError ? error.hint : undefined;
  const code = error instanceof TareError ? error.code : 'START_FAILED';
  throw new StartError(
    code,
    `${attempt.name} did not start: ${messageOf(error)}${left}`,
    { marks: attempt.marks, logs },
    {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    },
  );
}

/** The timed part. @throws StartError, with all that was made removed; InterruptedError. */
export async function startGuest(shared: Shared, run: RunContext, index: number): Promise<Instance> {
  run.signal.throwIfAborted();
  const undo = new AsyncDisposableStack();
  const lease = shared.bridge ? undo.use(shared.bridge.lease()) : undefined;
  const marks: Mark[] = [];
  const attempt: Attempt = { ...plan(shared, run, index, lease), marks, launch: [], undo };
  try {
    await attach(attempt);
    marks.push({ name: 'launched', atNs: nowNs() });
    await launch(attempt, shared);
    await awaitReady(attempt, run);
    if (shared.accelerator === 'kvm' && !(await runsOnKvm(attempt.name))) {
      throw new ResourceError('NOT_KVM', 'QEMU says that this guest does not run on KVM');
    }
  } catch (error) {
    return await fail(attempt, error, run);
  }
  const { qemu, channel } = attempt;
  if (!qemu || !channel) throw new ResourceError('DOMAIN_GONE', `the domain ${attempt.name} is not running`);
  collectMarks(attempt);
  return new Guest({
    ref: { kind: 'domain', id: attempt.name, tag: run.owner.tag },
    placement: shared.placement,
    marks,
    launch: attempt.launch,
    logs: logsOf(attempt),
    overlay: join(attempt.folder, 'overlay.qcow2'),
    qemu,
    channel,
    owned: undo,
  });
}

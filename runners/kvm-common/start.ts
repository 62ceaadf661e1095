import { join } from 'node:path';
import { codeOf, InterruptedError, ResourceError, WorkloadError } from '../../bench/errors.ts';
import type { Mark } from '../../bench/model/mark.ts';
import type { RunContext, StartOptions } from '../../bench/model/runner.ts';
import { nowNs, waitUntil } from '../../bench/proc/clock.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { tellingLines } from '../../vms/console.ts';
import type { DomainSpec } from '../../vms/domain-xml.ts';
import { type AddressLease, macFor } from '../shared/bridge.ts';
import { firstAnswer, REACH_MS } from '../shared/reach.ts';
import { type Attempt, attach, collectMarks, fail, logsOf, makeOwnFiles } from './attempt.ts';
import { Guest } from './instance.ts';
import type { GuestKind, GuestPlan } from './kind.ts';
import { runsOnKvm } from './limits.ts';

/** How often a starting guest's process is looked at. */
const WATCH_MS = 10;

function planOf(kind: GuestKind, run: RunContext, index: number, lease: AddressLease | undefined): GuestPlan {
  const suffix = `${kind.prefix}${index}`;
  return {
    index,
    name: ownedName(run.owner.tag, suffix),
    folder: join(run.runDir, suffix),
    lease,
    mac: lease === undefined ? undefined : macFor(lease.address),
  };
}

function specOf(kind: GuestKind, plan: GuestPlan, run: RunContext, cpus: readonly number[]): DomainSpec {
  const { spec, bridge, accelerator, hardware } = kind;
  const path = (file: string) => join(plan.folder, file);
  return {
    ...kind.machine(plan),
    name: plan.name,
    owner: run.owner,
    accelerator,
    hardware,
    memoryBytes: spec.memoryBytes,
    cpus,
    overlay: path('overlay.qcow2'),
    diskCache: spec.diskCache,
    network: bridge && plan.mac !== undefined ? { bridge: bridge.name, mac: plan.mac } : null,
    pipes: { console: path('console'), marks: path('marks'), output: path('output') },
  };
}

/** What the guest alone writes to: its layer above the shared disk, and its firmware's variables where that keeps any. */
function ownFiles(kind: GuestKind, plan: GuestPlan): readonly string[] {
  const { boot } = kind.machine(plan);
  const variables = boot.from === 'disk' && boot.flash ? [boot.flash.variables] : [];
  return [join(plan.folder, 'overlay.qcow2'), ...variables];
}

/** Milliseconds until the start has failed. */
function leftMs({ marks }: Attempt, run: RunContext): number {
  const launchedNs = marks[0]?.atNs ?? 0n;
  return Math.max(0, Math.round(run.startTimeoutMs - Number(nowNs() - launchedNs) / 1e6));
}

async function launch(attempt: Attempt, kind: GuestKind, run: RunContext): Promise<void> {
  const { domain, undo } = attempt;
  await makeOwnFiles(attempt, kind);
  undo.defer(() => domain.remove());
  const limits = () => ({ timeoutMs: Math.max(1, leftMs(attempt, run)), signal: run.signal });
  const commands = await domain.create(limits());
  attempt.launch.push(...commands);
  attempt.marks.push({ name: 'api', atNs: commands.at(-1)?.endedNs ?? 0n });
  attempt.qemu = domain.process;
  await domain.attend(limits());
}

/** Waits for `ready`; a guest whose process ends meanwhile fails at once, not at the deadline. */
async function awaitReady(attempt: Attempt, run: RunContext): Promise<void> {
  const { channel, qemu } = attempt;
  if (!channel || !qemu) return;
  const end = new AbortController();
  const timeoutMs = leftMs(attempt, run);
  const signal = AbortSignal.any([run.signal, end.signal]);
  const watch = waitUntil(() => !qemu.isAlive, { timeoutMs, everyMs: WATCH_MS, signal });
  void watch.then((gone) => gone && end.abort());
  try {
    await channel.waitFor('ready', timeoutMs, signal);
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

/** The timed part. @throws StartError, with all that was made removed; InterruptedError. */
export async function startGuest(
  kind: GuestKind,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Guest> {
  run.signal.throwIfAborted();
  const undo = new AsyncDisposableStack();
  const lease = kind.bridge ? undo.use(kind.bridge.lease()) : undefined;
  const marks: Mark[] = [];
  const plan = planOf(kind, run, index, lease);
  const domain = kind.hypervisor.domain(specOf(kind, plan, run, options.cpus ?? kind.spec.cpus), plan);
  const attempt: Attempt = { ...plan, domain, marks, launch: [], undo };
  try {
    await attach(attempt, kind);
    marks.push({ name: 'launched', atNs: nowNs() });
    await launch(attempt, kind, run);
    await awaitReady(attempt, run);
    if (options.reach && lease) {
      const check = kind.spec.entry.ready(kind.placement);
      const atNs = await firstAnswer({ address: lease.address, ...check }, REACH_MS, run.signal);
      if (atNs !== undefined) attempt.reachableNs = atNs;
    }
    if (kind.accelerator === 'kvm' && !(await runsOnKvm(domain))) {
      throw new ResourceError('NOT_KVM', 'QEMU says that this guest does not run on KVM');
    }
  } catch (error) {
    return await fail(attempt, kind, error, run);
  }
  const { qemu, channel } = attempt;
  if (!qemu || !channel) throw new ResourceError('DOMAIN_GONE', `the domain ${attempt.name} is not running`);
  collectMarks(attempt);
  return new Guest({
    domain,
    placement: kind.placement,
    address: lease?.address ?? null,
    withPrefix: lease?.withPrefix ?? null,
    marks,
    launch: attempt.launch,
    logs: logsOf(attempt, kind),
    ownFiles: ownFiles(kind, plan),
    helper: kind.helper,
    qemu,
    channel,
    client: kind.client,
    owned: undo,
  });
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CommandError, ResourceError, UnsupportedError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult, InstanceSpec, RunContext, RunnerOption } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { INSIDE } from '../../bench/model/image.ts';
import { OUR_SIGNS } from '../../vms/console.ts';
import { type BaseDisk, prepareDisk } from '../../vms/disk.ts';
import { BOXES_SCRIPT, boxesLayer, TREE_SERIAL } from '../../vms/system/boxes.ts';
import { prepareSystem, type SystemDisk } from '../../vms/system/disk.ts';
import { SYSTEM_INSIDE } from '../../vms/system/recipe.ts';
import { entryText } from '../kvm/entry.ts';
import { TRANSLATION_CACHE_MIB } from '../kvm/source.ts';
import { chooseAccelerator } from '../kvm-common/accelerator.ts';
import { entryArguments } from '../kvm-common/entry.ts';
import type { Guest } from '../kvm-common/instance.ts';
import type { GuestKind } from '../kvm-common/kind.ts';
import { LIBVIRT } from '../kvm-common/libvirt.ts';
import { requireHardware } from '../kvm-common/options.ts';
import { startGuest } from '../kvm-common/start.ts';
import { type RunBridge, runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { boxPlacement } from '../shared/inside.ts';
import { optionOf } from '../shared/options.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import type { GuestEngine } from './engine.ts';

export const INSTANCES: RunnerOption = {
  name: 'instances',
  what: 'how many containers at once the guest has memory and ports for',
  values: [1, 2, 4, 8, 16],
  default: 4,
};

/** What the guest has beside its containers' memory: its kernel, systemd, and the engine. */
const OWN_MEMORY_BYTES = 512 * 2 ** 20;
const PREPARE_TIMEOUT_MS = 60_000;

/** The guest itself runs nothing but what starts containers. */
const IDLE: EntryPoint = {
  workload: 'idle',
  defaultPort: 1,
  argv: () => ['/bin/sleep', 'infinity'],
  ready: ({ port }) => ({ protocol: 'none', port }),
};

/** One port of the guest for one container at a time. */
export interface Slot extends Disposable {
  readonly number: number;
  /** FIFOs on the host: what comes from the container, and what goes to it. */
  readonly marks: string;
  readonly commands: string;
}

/** A guest that containers are started in, while somebody uses it. */
export interface WarmGuest {
  readonly guest: Guest;
  readonly bridge: RunBridge | null;
  readonly disk: SystemDisk;
  readonly tree: BaseDisk;
  readonly digest: string;
  /** @throws ResourceError `NO_ROOM`. */
  slot(): Slot;
}

/** Runs vms/guest/boxes.sh inside. Whatever its exit code. */
export function inGuest(guest: Guest, words: readonly string[], options: ExecOptions): Promise<ExecResult> {
  return guest.exec(['/bin/sh', BOXES_SCRIPT, ...words], options);
}

/** The same, which must end well. @throws CommandError `COMMAND_FAILED`. */
export async function mustInGuest(guest: Guest, words: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const result = await inGuest(guest, words, options);
  if (result.exitCode === 0) return result;
  const said = result.stderr.trim().slice(-500);
  throw new CommandError('COMMAND_FAILED', `${words[0]} inside ended with ${result.exitCode}: ${said}`);
}

function slotsOf(count: number, folder: string): () => Slot {
  const taken = new Set<number>();
  return () => {
    const number = Array.from({ length: count }, (_, at) => at).find((at) => !taken.has(at));
    if (number === undefined) {
      throw new ResourceError('NO_ROOM', `the guest has room for ${count} containers, and all of it is taken`, {
        hint: 'options.<runner>.instances says for how many',
      });
    }
    taken.add(number);
    const path = join(folder, `box${number}`);
    return { number, marks: `${path}.out`, commands: `${path}.in`, [Symbol.dispose]: () => void taken.delete(number) };
  };
}

const guests = new Refcounted<WarmGuest>();
let started = 0;

async function boot(
  { engine, prefix }: GuestEngine,
  spec: InstanceSpec,
  run: RunContext,
  undo: AsyncDisposableStack,
): Promise<WarmGuest> {
  const { signal, stateDir } = run;
  const count = Number(optionOf(run, INSTANCES));
  const choice = await chooseAccelerator(run.accel, signal);
  if (!choice.ok) throw new UnsupportedError(choice.code, choice.reason, { hint: choice.hint });
  const { accelerator } = choice;
  const memoryBytes = count * spec.memoryBytes + OWN_MEMORY_BYTES;
  const hardware = requireHardware(run, accelerator, 'libvirt', memoryBytes);
  const disk = await prepareSystem(stateDir, spec.image, 'seabios', signal, (uuid) => boxesLayer(uuid, engine));
  const tree = await prepareDisk(stateDir, spec.image, signal);
  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : null;
  const placement = boxPlacement(IDLE);
  const own = { ...spec, entry: IDLE, memoryBytes };
  const entry = entryText(['--announce', INSIDE.announce, ...entryArguments(own, placement)]);
  const ports = Array.from({ length: count }, (_, at) => `box${at}`);
  let folder = '';
  const kind: GuestKind = {
    ...{ prefix, hypervisor: LIBVIRT, spec: own, accelerator, hardware, placement, bridge },
    client: undo.use(bridgeClient(own, run, null)),
    ...{ signs: OUR_SIGNS, helper: [SYSTEM_INSIDE.helper] },
    machine: (plan) => ({
      boot: { from: 'disk' },
      base: { path: disk.path, format: 'raw' },
      readOnlyDisks: [{ path: tree.path, serial: TREE_SERIAL }],
      firmwareEntries: {
        ...(plan.lease ? { 'opt/tare/address': plan.lease.withPrefix } : {}),
        'opt/tare/entry': entry,
      },
      translationCacheMib: TRANSLATION_CACHE_MIB,
      ports: ports.map((name) => ({ name: `tare.${name}`, path: join((folder = plan.folder), name) })),
    }),
  };
  const guest = undo.use(await startGuest(kind, run, (started += 1)));
  const limits = { timeoutMs: PREPARE_TIMEOUT_MS, signal };
  await mustInGuest(guest, ['prepare', guest.withPrefix ?? '-'], limits);
  const identity = [disk.manifest, tree.manifest, accelerator, hardware, count, spec.cpus, spec.memoryBytes];
  const digest = createHash('sha256')
    .update(JSON.stringify([identity, spec.diskCache, spec.network]))
    .digest('hex');
  return { guest, bridge, disk, tree, digest: `sha256:${digest}`, slot: slotsOf(count, folder) };
}

/** The run's guest for such instances: booted for the first user, ended after the last. */
export function warmGuest(engine: GuestEngine, spec: InstanceSpec, run: RunContext): Promise<Use<WarmGuest>> {
  const { image, cpus, memoryBytes, diskCache, network } = spec;
  const parts = [run.owner.tag, engine.id, image.manifest.digest, cpus, memoryBytes, diskCache, network, run.options];
  return guests.acquire(JSON.stringify(parts), (undo) => boot(engine, spec, run, undo));
}

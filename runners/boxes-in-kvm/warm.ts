import { createHash } from 'node:crypto';
import { ResourceError } from '../../bench/errors.ts';
import type { InstanceSpec, RunContext, RunnerOption } from '../../bench/model/runner.ts';
import { prepareDisk } from '../../vms/disk.ts';
import { boxesLayer, TREE_SERIAL } from '../../vms/system/boxes.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import type { Guest } from '../kvm-common/instance.ts';
import { type AddressLease, type RunBridge, runBridge } from '../shared/bridge.ts';
import { optionOf } from '../shared/options.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import type { GuestEngine } from './engine.ts';
import { bootHost, type Host, hostOf, mustInGuest } from './guest.ts';
import { importedDisk } from './imported.ts';

export const INSTANCES: RunnerOption = {
  name: 'instances',
  what: 'how many containers at once the guest has memory and ports for',
  values: [1, 2, 4, 5, 8, 16],
  // As many as the disk experiment has side by side.
  default: 5,
};

/** What the guest has beside its containers' memory: its kernel, systemd, and the engine. */
const OWN_MEMORY_BYTES = 512 * 2 ** 20;
const PREPARE_TIMEOUT_MS = 5 * 60_000;

/** One port of the guest for one container at a time. */
export interface Slot extends Disposable {
  readonly number: number;
  /** FIFOs on the host: what comes from the container, and what goes to it. */
  readonly marks: string;
  readonly commands: string;
  /** The slot's as long as the guest lives: the bridge outside remembers for minutes behind which port an address is. */
  readonly lease: AddressLease | null;
}

/** A raw disk of the guest as it lies in the store. */
export interface StoredDisk {
  readonly folder: string;
  readonly path: string;
  readonly manifest: object;
}

/** A guest that containers are started in, while somebody uses it. */
export interface WarmGuest {
  readonly guest: Guest;
  readonly bridge: RunBridge | null;
  /** By what they are in it. */
  readonly disks: Readonly<Record<string, StoredDisk>>;
  readonly digest: string;
  /** @throws ResourceError `NO_ROOM`. */
  slot(): Slot;
}

function slotsOf(ports: readonly string[], leases: readonly AddressLease[]): () => Slot {
  const taken = new Set<number>();
  return () => {
    const number = ports.findIndex((_, at) => !taken.has(at));
    const path = ports[number];
    if (path === undefined) {
      throw new ResourceError('NO_ROOM', `the guest has room for ${ports.length} containers, and all of it is taken`, {
        hint: 'options.<runner>.instances says for how many',
      });
    }
    taken.add(number);
    const channel = { marks: `${path}.out`, commands: `${path}.in` };
    return { number, ...channel, lease: leases[number] ?? null, [Symbol.dispose]: () => void taken.delete(number) };
  };
}

/** What the guest boots from, and where it has the image's tree beside it, that. */
async function disksOf(
  { engine }: GuestEngine,
  spec: InstanceSpec,
  host: Host,
  run: RunContext,
): Promise<{ readonly disk: StoredDisk; readonly tree?: StoredDisk }> {
  const { stateDir, signal } = run;
  const system = await prepareSystem(stateDir, spec.image, 'seabios', signal, (uuid) => boxesLayer(uuid, engine));
  const tree = await prepareDisk(stateDir, spec.image, signal);
  return engine === 'docker' ? { disk: await importedDisk(host, system, tree, run) } : { disk: system, tree };
}

const guests = new Refcounted<WarmGuest>();

async function boot(
  engine: GuestEngine,
  spec: InstanceSpec,
  run: RunContext,
  undo: AsyncDisposableStack,
): Promise<WarmGuest> {
  const count = Number(optionOf(run, INSTANCES));
  const host = await hostOf(engine.prefix, spec, count * spec.memoryBytes + OWN_MEMORY_BYTES, run);
  const disks = await disksOf(engine, spec, host, run);
  const { disk, tree } = disks;
  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : null;
  const leases = bridge ? Array.from({ length: count }, () => undo.use(bridge.lease())) : [];
  const readOnlyDisks = tree ? [{ path: tree.path, serial: TREE_SERIAL }] : [];
  const { guest, ports } = await bootHost(host, { disk: disk.path, readOnlyDisks, bridge, ports: count }, run, undo);
  const limits = { timeoutMs: PREPARE_TIMEOUT_MS, signal: run.signal };
  if (tree) await mustInGuest(guest, ['mount'], limits);
  if (bridge) {
    await mustInGuest(guest, ['network', guest.withPrefix ?? ''], limits);
    if (engine.engine === 'docker') {
      await mustInGuest(guest, ['docker-network', bridge.subnet, guest.address ?? ''], limits);
    }
  }
  const { accelerator, hardware } = host;
  const manifests = Object.values(disks).map(({ manifest }) => manifest);
  const identity = [...manifests, accelerator, hardware, count, spec.cpus, spec.memoryBytes];
  const digest = createHash('sha256')
    .update(JSON.stringify([identity, spec.diskCache, spec.network]))
    .digest('hex');
  return { guest, bridge, disks: { ...disks }, digest: `sha256:${digest}`, slot: slotsOf(ports, leases) };
}

/** The run's guest for such instances: booted for the first user, ended after the last. */
export function warmGuest(engine: GuestEngine, spec: InstanceSpec, run: RunContext): Promise<Use<WarmGuest>> {
  const { image, cpus, memoryBytes, diskCache, network } = spec;
  const parts = [run.owner.tag, engine.id, image.manifest.digest, cpus, memoryBytes, diskCache, network, run.options];
  return guests.acquire(JSON.stringify(parts), (undo) => boot(engine, spec, run, undo));
}

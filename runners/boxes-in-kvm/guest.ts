import { join } from 'node:path';
import { CommandError, UnsupportedError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { ExecOptions, ExecResult, InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import type { EntryPoint } from '../../bench/model/workload.ts';
import { OUR_SIGNS } from '../../vms/console.ts';
import type { DomainSpec } from '../../vms/domain-xml.ts';
import type { Hardware } from '../../vms/hardware.ts';
import { BOXES_SCRIPT } from '../../vms/system/boxes.ts';
import { SYSTEM_INSIDE } from '../../vms/system/recipe.ts';
import { entryText } from '../kvm/entry.ts';
import { TRANSLATION_CACHE_MIB } from '../kvm/source.ts';
import { chooseAccelerator } from '../kvm-common/accelerator.ts';
import { entryArguments } from '../kvm-common/entry.ts';
import type { Guest } from '../kvm-common/instance.ts';
import type { GuestKind, GuestPrefix } from '../kvm-common/kind.ts';
import { LIBVIRT } from '../kvm-common/libvirt.ts';
import { requireHardware } from '../kvm-common/options.ts';
import { startGuest } from '../kvm-common/start.ts';
import type { RunBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { boxPlacement } from '../shared/inside.ts';

/** The guest itself runs nothing but what starts containers. */
const IDLE: EntryPoint = {
  workload: 'idle',
  defaultPort: 1,
  argv: () => ['/bin/sleep', 'infinity'],
  ready: ({ port }) => ({ protocol: 'none', port }),
};

/** What the guest itself is, whatever it is booted for. */
export interface Host {
  readonly prefix: GuestPrefix;
  /** With the guest's memory, not that of a container. */
  readonly spec: InstanceSpec;
  readonly accelerator: 'kvm' | 'tcg';
  readonly hardware: Hardware;
}

/** What differs from one boot to the other. */
export interface Boot {
  /** Path of the raw disk that it boots from. */
  readonly disk: string;
  readonly readOnlyDisks: DomainSpec['readOnlyDisks'];
  readonly bridge: RunBridge | null;
  /** How many ports it has for containers. */
  readonly ports: number;
}

/** A guest that runs, and the path on the host of each of its ports, without `.in` and `.out`. */
export interface Booted {
  readonly guest: Guest;
  readonly ports: readonly string[];
}

let booted = 0;

/** @throws UnsupportedError where no such guest can run. */
export async function hostOf(
  prefix: GuestPrefix,
  spec: InstanceSpec,
  memoryBytes: number,
  run: RunContext,
): Promise<Host> {
  const choice = await chooseAccelerator(run.accel, run.signal);
  if (!choice.ok) throw new UnsupportedError(choice.code, choice.reason, { hint: choice.hint });
  const { accelerator } = choice;
  const hardware = requireHardware(run, accelerator, 'libvirt', memoryBytes);
  return { prefix, spec: { ...spec, entry: IDLE, memoryBytes }, accelerator, hardware };
}

/** Boots the guest. @param undo ends it. @throws StartError; InterruptedError. */
export async function bootHost(host: Host, boot: Boot, run: RunContext, undo: AsyncDisposableStack): Promise<Booted> {
  const { spec } = host;
  const placement = boxPlacement(IDLE);
  const entry = entryText(['--announce', INSIDE.announce, ...entryArguments(spec, placement)]);
  let ports: readonly string[] = [];
  const kind: GuestKind = {
    ...{ ...host, hypervisor: LIBVIRT, placement, bridge: boot.bridge },
    client: undo.use(bridgeClient(spec, run, null)),
    ...{ signs: OUR_SIGNS, helper: [SYSTEM_INSIDE.helper] },
    machine: ({ folder, lease }) => {
      ports = Array.from({ length: boot.ports }, (_, at) => join(folder, `box${at}`));
      return {
        boot: { from: 'disk' },
        base: { path: boot.disk, format: 'raw' },
        readOnlyDisks: boot.readOnlyDisks,
        firmwareEntries: { ...(lease ? { 'opt/tare/address': lease.withPrefix } : {}), 'opt/tare/entry': entry },
        translationCacheMib: TRANSLATION_CACHE_MIB,
        ports: ports.map((path, at) => ({ name: `tare.box${at}`, path })),
      };
    },
  };
  const guest = undo.use(await startGuest(kind, run, (booted += 1)));
  return { guest, ports };
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

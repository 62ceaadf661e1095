import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { InstanceSpec, Prepared, RunContext } from '../../bench/model/runner.ts';
import { daemonPids } from '../../vms/daemons.ts';
import { chooseAccelerator } from '../kvm-common/accelerator.ts';
import { entryArguments } from '../kvm-common/entry.ts';
import { GUEST_PREFIXES, type GuestKind } from '../kvm-common/kind.ts';
import { LIBVIRT } from '../kvm-common/libvirt.ts';
import { requireHardware } from '../kvm-common/options.ts';
import { startGuest } from '../kvm-common/start.ts';
import { runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { boxPlacement } from '../shared/inside.ts';
import { cloudSystem } from './cloud.ts';
import { chooseFirmware } from './firmware.ts';
import { ownSystem } from './own.ts';
import { TRANSLATION_CACHE_MIB } from './source.ts';

let prepared = 0;

/** Gets or makes what all guests of the spec share: a system that boots from its disk, and the bridge. */
export async function prepareGuests(spec: InstanceSpec, run: RunContext): Promise<Prepared> {
  const choice = await chooseAccelerator(run.accel, run.signal);
  if (!choice.ok) throw new UnsupportedError(choice.code, choice.reason, { hint: choice.hint });
  const { accelerator } = choice;
  const hardware = requireHardware(run, accelerator, 'libvirt', spec.memoryBytes);
  const firmware = await chooseFirmware(run);
  const placement = boxPlacement(spec.entry);
  const entry = ['--announce', INSIDE.announce, ...entryArguments(spec, placement)];

  await using undo = new AsyncDisposableStack();
  const folder = join(run.runDir, `kvm-${(prepared += 1)}`);
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { vmImage } = run;
  const source =
    vmImage === undefined
      ? await ownSystem(spec, run, firmware, entry)
      : await cloudSystem(spec, { ...run, vmImage }, firmware, entry, folder);

  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : null;
  const kind: GuestKind = {
    ...{ prefix: GUEST_PREFIXES.system, hypervisor: LIBVIRT, spec, accelerator, hardware, placement, bridge },
    client: undo.use(bridgeClient(spec, run, bridge)),
    ...source.how,
  };
  const { cpus, memoryBytes, diskCache, network } = spec;
  const parts = [
    ...[source.identity, ...firmware.identity, accelerator, hardware, entry],
    ...[cpus, memoryBytes, diskCache, network, TRANSLATION_CACHE_MIB],
  ];
  const owned = undo.move();
  return {
    digest: `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`,
    provenance: source.provenance,
    distribution: () => source.distribution(),
    imagePaths: async () => source.imagePaths(),
    daemons: async () => daemonPids(),
    start: (context, index, options) => startGuest(kind, context, index, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

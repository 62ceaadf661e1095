import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { OUR_SIGNS, UEFI_SIGNS } from '../../vms/console.ts';
import { kernelPackage } from '../../vms/kernel.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import { ownLayer, SYSTEM_INSIDE } from '../../vms/system/recipe.ts';
import { nicOf } from '../kvm-common/options.ts';
import { entryText } from './entry.ts';
import type { FirmwareChoice } from './firmware.ts';
import { type GuestSource, TRANSLATION_CACHE_MIB } from './source.ts';

/** The full system that tare builds of the spec's own tree, with a kernel that has the network card's driver. */
export async function ownSystem(
  spec: InstanceSpec,
  run: RunContext,
  { firmware, boot }: FirmwareChoice,
  entry: readonly string[],
): Promise<GuestSource> {
  const { signal, stateDir } = run;
  const layer = (uuid: string) => ownLayer(uuid, kernelPackage(nicOf(run)));
  const disk = await prepareSystem(stateDir, spec.image, firmware, signal, layer);
  const text = entryText(entry);
  return {
    provenance: 'our minimal build',
    identity: disk.manifest,
    how: {
      signs: firmware === 'ovmf' ? UEFI_SIGNS : OUR_SIGNS,
      helper: [SYSTEM_INSIDE.helper],
      logs: { 'system.json': `${JSON.stringify(disk.manifest, null, 2)}\n` },
      machine: (plan) => ({
        boot: boot(plan),
        base: { path: disk.path, format: 'raw' },
        readOnlyDisks: [],
        firmwareEntries: {
          ...(plan.lease ? { 'opt/tare/address': plan.lease.withPrefix } : {}),
          'opt/tare/entry': text,
        },
        translationCacheMib: TRANSLATION_CACHE_MIB,
      }),
    },
    distribution: async () => ({ disk: await shippedBytes(disk.folder, disk.path, signal) }),
    imagePaths: () => [disk.path],
  };
}

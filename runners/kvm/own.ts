import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { OUR_SIGNS } from '../../vms/console.ts';
import { kernelPackage } from '../../vms/kernel.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import { ownLayer, SYSTEM_INSIDE } from '../../vms/system/recipe.ts';
import { nicOf } from '../kvm-common/options.ts';
import { entryText } from './entry.ts';
import { type GuestSource, TRANSLATION_CACHE_MIB } from './source.ts';

/** The full system that tare builds of the spec's own tree, with a kernel that has the network card's driver. */
export async function ownSystem(spec: InstanceSpec, run: RunContext, entry: readonly string[]): Promise<GuestSource> {
  const { signal, stateDir } = run;
  const disk = await prepareSystem(stateDir, spec.image, signal, (uuid) => ownLayer(uuid, kernelPackage(nicOf(run))));
  const text = entryText(entry);
  return {
    provenance: 'our minimal build',
    identity: disk.manifest,
    how: {
      signs: OUR_SIGNS,
      helper: [SYSTEM_INSIDE.helper],
      logs: { 'system.json': `${JSON.stringify(disk.manifest, null, 2)}\n` },
      machine: ({ lease }) => ({
        boot: { from: 'disk' },
        base: { path: disk.path, format: 'raw' },
        readOnlyDisks: [],
        firmwareEntries: { ...(lease ? { 'opt/tare/address': lease.withPrefix } : {}), 'opt/tare/entry': text },
        translationCacheMib: TRANSLATION_CACHE_MIB,
      }),
    },
    distribution: async () => ({ disk: await shippedBytes(disk.folder, disk.path, signal) }),
    imagePaths: () => [disk.path],
  };
}

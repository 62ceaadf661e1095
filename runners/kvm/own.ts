import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { OUR_SIGNS } from '../../vms/console.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { prepareSystem } from '../../vms/system/disk.ts';
import { SYSTEM_INSIDE } from '../../vms/system/recipe.ts';
import { entryText } from './entry.ts';
import { type GuestSource, TRANSLATION_CACHE_MIB } from './source.ts';

/** The full system that tare builds of the spec's own tree. */
export async function ownSystem(spec: InstanceSpec, run: RunContext, entry: readonly string[]): Promise<GuestSource> {
  const { signal, stateDir } = run;
  const disk = await prepareSystem(stateDir, spec.image, signal);
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

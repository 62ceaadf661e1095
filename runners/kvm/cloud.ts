import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { compileStatic } from '../../bench/proc/compile.ts';
import { exec } from '../../bench/proc/exec.ts';
import { prepareCloudImage, provenanceOf } from '../../vms/cloud/image.ts';
import { requireEfiPartition } from '../../vms/cloud/efi.ts';
import { CLOUD_HELPER, seedFiles, SERIALS } from '../../vms/cloud/seed.ts';
import { CLOUD_SIGNS } from '../../vms/console.ts';
import { prepareDisk } from '../../vms/disk.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { RUN_HELPER_SOURCE } from '../../vms/system/recipe.ts';
import type { GuestPlan } from '../kvm-common/kind.ts';
import type { FirmwareChoice } from './firmware.ts';
import { type GuestSource, TRANSLATION_CACHE_MIB } from './source.ts';

/** Makes the seed of one instance: its address and its entry point are nobody else's. */
async function makeSeed(plan: GuestPlan, entry: readonly string[], helper: string) {
  const folder = join(plan.folder, 'seed');
  await mkdir(folder);
  const network = plan.lease && plan.mac !== undefined ? { mac: plan.mac, withPrefix: plan.lease.withPrefix } : null;
  const files = seedFiles({ instanceId: plan.name, network, entry });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  const iso = ['genisoimage', '-quiet', '-output', join(plan.folder, 'seed.iso'), '-volid', 'cidata'];
  const { argv, startedNs, endedNs } = await exec([
    ...iso,
    '-joliet',
    '-rock',
    '-graft-points',
    folder,
    `run=${helper}`,
  ]);
  return [{ argv, startedNs, endedNs }];
}

/**
 * A distribution's cloud image, booted as it is. The workload comes from the spec's own tree on a second disk, and is started by
 * cloud-init.
 * @param folder scratch of this preparation.
 */
export async function cloudSystem(
  spec: InstanceSpec,
  run: RunContext & { readonly vmImage: string },
  { firmware, boot }: FirmwareChoice,
  entry: readonly string[],
  folder: string,
): Promise<GuestSource> {
  const { signal, stateDir } = run;
  // Missing, it would be noticed only by the first start.
  await exec(['genisoimage', '--version'], { signal });
  const image = await prepareCloudImage(stateDir, run.vmImage, signal);
  if (firmware === 'ovmf') await requireEfiPartition(image, folder, signal);
  const tree = await prepareDisk(stateDir, spec.image, signal);
  const helper = join(folder, 'run');
  await compileStatic(RUN_HELPER_SOURCE, helper, signal);
  return {
    provenance: provenanceOf(image),
    identity: [image.sha256, tree.manifest.image, seedFiles({ instanceId: '', network: null, entry })],
    how: {
      signs: CLOUD_SIGNS,
      helper: CLOUD_HELPER,
      machine: (plan) => ({
        boot: boot(plan),
        base: { path: image.path, format: 'qcow2' },
        readOnlyDisks: [
          { path: tree.path, serial: SERIALS.tree },
          { path: join(plan.folder, 'seed.iso'), serial: SERIALS.seed },
        ],
        firmwareEntries: {},
        translationCacheMib: TRANSLATION_CACHE_MIB,
      }),
      makeFiles: (plan) => makeSeed(plan, entry, helper),
    },
    // A distribution ships the file as it is.
    distribution: async () => ({ image: image.fileBytes, tree: await shippedBytes(tree.folder, tree.path, signal) }),
    imagePaths: () => [image.path, tree.path],
  };
}

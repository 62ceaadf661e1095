import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedError } from '../../bench/errors.ts';
import type { InstanceSpec, Prepared, RunContext } from '../../bench/model/runner.ts';
import { OUR_SIGNS } from '../../vms/console.ts';
import { prepareDisk } from '../../vms/disk.ts';
import { RUN_HELPER } from '../../vms/guest-agent.ts';
import { entryArchive } from '../../vms/initrd.ts';
import { prepareKernel } from '../../vms/kernel.ts';
import { shippedBytes } from '../../vms/shipped.ts';
import { chooseAccelerator } from './accelerator.ts';
import { entryArguments } from './entry.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { GuestKind, GuestPrefix } from './kind.ts';
import type { Manager } from './manager.ts';
import { requireHardware } from './options.ts';
import { startGuest } from './start.ts';
import { runBridge } from '../shared/bridge.ts';
import { bridgeClient } from '../shared/client.ts';
import { boxPlacement } from '../shared/inside.ts';

/** The same for every guest: messages up to "notice" on the console, and a panic ends the domain. */
const COMMAND_LINE = ['console=ttyS0', 'loglevel=6', 'panic=-1'] as const;
/** One program and a small kernel need no more, and 24 such guests fit on a small host. */
const TRANSLATION_CACHE_MIB = 32;

let prepared = 0;

/** Who runs directly booted guests, and how that shows on the host. */
export interface DirectGuests {
  readonly manager: Manager;
  readonly prefix: GuestPrefix;
  /** Begins the name of the preparation's folder. */
  readonly folder: string;
  hypervisor(run: RunContext): Promise<Hypervisor>;
  daemons(): readonly number[];
}

/** Gets or makes what all guests of the spec share: kernel, base disk, initial file tree, bridge. */
export async function prepareDirect(guests: DirectGuests, spec: InstanceSpec, run: RunContext): Promise<Prepared> {
  const { signal, stateDir } = run;
  const { manager, prefix } = guests;
  const choice = await chooseAccelerator(run.accel, signal, manager);
  if (!choice.ok) throw new UnsupportedError(choice.code, choice.reason, { hint: choice.hint });
  const { accelerator } = choice;
  const hardware = requireHardware(run, accelerator, manager, spec.memoryBytes);
  const hypervisor = await guests.hypervisor(run);
  const kernel = await prepareKernel(stateDir, spec.image.manifest.recipe.suite, signal, hardware);
  const disk = await prepareDisk(stateDir, spec.image, signal);
  const placement = boxPlacement(spec.entry);
  const entry = entryArguments(spec, placement);

  await using undo = new AsyncDisposableStack();
  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : null;
  const folder = join(run.runDir, `${guests.folder}-${(prepared += 1)}`);
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const initrd = join(folder, 'initrd');
  await writeFile(initrd, Buffer.concat([await readFile(kernel.initrd), entryArchive(entry)]));

  const kind: GuestKind = {
    ...{ prefix, hypervisor, spec, accelerator, hardware, placement, bridge },
    client: undo.use(bridgeClient(spec, run, bridge)),
    ...{ signs: OUR_SIGNS, helper: RUN_HELPER },
    machine: ({ lease }) => ({
      boot: {
        from: 'kernel',
        kernel: kernel.vmlinuz,
        initrd,
        commandLine: [...COMMAND_LINE, ...(lease ? [`tare.ip=${lease.withPrefix}`] : [])].join(' '),
      },
      base: { path: disk.path, format: 'raw' },
      readOnlyDisks: [],
      firmwareEntries: {},
      translationCacheMib: TRANSLATION_CACHE_MIB,
    }),
  };
  const parts = [
    ...[spec.image.manifest.digest, accelerator, kernel.manifest.vmlinuz.sha256, kernel.manifest.initrd.sha256],
    ...[manager, hardware, COMMAND_LINE, entry, spec.cpus, spec.memoryBytes, spec.diskCache, spec.network],
  ];
  const owned = undo.move();
  return {
    digest: `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`,
    distribution: async () => ({
      kernel: kernel.manifest.vmlinuz.compressedBytes,
      initrd: kernel.manifest.initrd.compressedBytes,
      disk: await shippedBytes(disk.folder, disk.path, signal),
    }),
    imagePaths: async () => [disk.path, kernel.vmlinuz, kernel.initrd],
    daemons: async () => guests.daemons(),
    start: (context, index, options) => startGuest(kind, context, index, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { InstanceSpec, Prepared, RunContext } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import { compressedBytes, prepareDisk } from '../../vms/disk.ts';
import { entryArchive } from '../../vms/initrd.ts';
import { prepareKernel } from '../../vms/kernel.ts';
import { daemonPids } from '../../vms/daemons.ts';
import { runBridge } from '../shared/bridge.ts';
import { chooseAccelerator } from './probe.ts';
import { COMMAND_LINE, type Shared, startGuest } from './start.ts';

let prepared = 0;

/** The probe's arguments after the mark channel, which the guest's init finds by itself. */
function probeArguments(spec: InstanceSpec, placement: Placement): readonly string[] {
  const { protocol, port } = spec.entry.ready(placement);
  const ready = protocol === 'none' ? 'none' : `${protocol}:127.0.0.1:${port}`;
  return ['--ready', ready, '--', ...spec.entry.argv(placement)];
}

function digestOf({ spec, accelerator, kernel, placement }: Omit<Shared, 'bridge' | 'initrd'>): string {
  const { vmlinuz, initrd } = kernel.manifest;
  const parts = [
    spec.image.manifest.digest,
    ...[accelerator, vmlinuz.sha256, initrd.sha256, COMMAND_LINE, probeArguments(spec, placement)],
    ...[spec.cpus, spec.memoryBytes, spec.diskCache, spec.network],
  ];
  return `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/** Gets or makes what all guests of the spec share: kernel, base disk, initial file tree, bridge. */
export async function prepareGuests(spec: InstanceSpec, run: RunContext): Promise<Prepared> {
  const { signal, stateDir } = run;
  const choice = await chooseAccelerator(run.accel, signal);
  if (!choice.ok) throw new UnsupportedError(choice.code, choice.reason, { hint: choice.hint });
  const kernel = await prepareKernel(stateDir, spec.image.manifest.recipe.suite, signal);
  const disk = await prepareDisk(stateDir, spec.image, signal);
  const placement: Placement = { dataDir: INSIDE.data, listen: '0.0.0.0', port: spec.entry.defaultPort };

  await using undo = new AsyncDisposableStack();
  const bridge = spec.network === 'bridge' ? undo.use(await runBridge(run)) : null;
  const folder = join(run.runDir, `kvm-direct-${(prepared += 1)}`);
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const initrd = join(folder, 'initrd');
  const entry = entryArchive(probeArguments(spec, placement));
  await writeFile(initrd, Buffer.concat([await readFile(kernel.initrd), entry]));

  const shared: Shared = { spec, accelerator: choice.accelerator, kernel, initrd, disk, placement, bridge };
  const owned = undo.move();
  return {
    digest: digestOf(shared),
    distribution: async () => ({
      kernel: kernel.manifest.vmlinuz.compressedBytes,
      initrd: kernel.manifest.initrd.compressedBytes,
      disk: await compressedBytes(disk, signal),
    }),
    imagePaths: async () => [disk.path, kernel.vmlinuz, kernel.initrd],
    daemons: async () => daemonPids(),
    start: (context, index) => startGuest(shared, context, index),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../../bench/errors.ts';
import { buildImage } from '../../bench/image/build.ts';
import { wholeTree } from '../../runners/lxc-system/layer.ts';
import { bootRig, consoleOf } from '../../vms/rig/boot.ts';
import { rigLayer } from '../../vms/rig/layer.ts';
import { makeWorkDisk, readResults } from '../../vms/rig/work-disk.ts';
import { prepareDisk } from '../../vms/disk.ts';
import { PLAIN_HARDWARE } from '../../vms/hardware.ts';
import { prepareKernel } from '../../vms/kernel.ts';
import { boxesLayer } from '../../vms/system/boxes.ts';
import { prepareSystem } from '../../vms/system/disk.ts';

const STATE = '/var/lib/tare';
const PROJECT = resolve(import.meta.dirname, '../..');
const LAST_LINES = 60;

/** What one step inside printed, and how it ended. */
export interface Step {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What one boot of the rig has left. */
export interface RigResults {
  readonly folder: string;
  /** @throws RangeError with the console's end where there was no such step, or it did not end. */
  step(name: string): Step;
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').replaceAll('\r', '').split('\n').slice(-LAST_LINES).join('\n');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** An image's folder, and the links by which a recipe finds it. */
function withPointers(folder: string): readonly string[] {
  const store = dirname(folder);
  const links = readdirSync(store, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  const own = links.map(({ name }) => join(store, name)).filter((path) => readlinkSync(path) === basename(folder));
  return [folder, ...own];
}

/**
 * Boots a host with systemd, cgroup v2 and KVM, runs test/kvm/inside.sh in it on this checkout, and reads what it left. The
 * image of the host is cached; nothing else stays when `dispose` is done.
 * @param what `short`, or `full` for what takes hours. @throws Error with the console's last lines.
 */
export async function runRig(what: 'short' | 'full', timeoutMs: number): Promise<RigResults & Disposable> {
  const { signal } = new AbortController();
  const image = await buildImage({ stateDir: STATE, signal, onProgress: () => {} });
  const { suite } = image.manifest.recipe;
  const [system, kernels, disk] = [
    await prepareSystem(STATE, image, 'seabios', signal, rigLayer),
    [
      await prepareKernel(STATE, suite, signal),
      await prepareKernel(STATE, suite, signal, { ...PLAIN_HARDWARE, machine: 'microvm' }),
    ],
    await prepareDisk(STATE, image, signal),
  ];
  const folder = mkdtempSync('/var/tmp/tare-rig-');
  chmodSync(folder, 0o700);
  try {
    const systems: string[] = [];
    if (what === 'full') {
      systems.push((await prepareSystem(STATE, image, 'seabios', signal)).folder);
      const withRunc = (uuid: string) => boxesLayer(uuid, 'runc');
      systems.push((await prepareSystem(STATE, image, 'seabios', signal, withRunc)).folder);
    }
    const state = {
      ...{ images: withPointers(image.folder), kernels: kernels.map(({ folder: path }) => path), disks: [disk.folder] },
      'system-trees': [(await wholeTree(STATE, image, signal)).folder],
      ...(what === 'full' ? { systems } : {}),
    };
    const work = await makeWorkDisk({
      ...{ folder, project: PROJECT, beside: ['node_modules'], state, what, signal },
      script: join(PROJECT, 'test/kvm/inside.sh'),
      node: process.execPath,
    });
    await bootRig({ system, work, folder, memoryMebibytes: 6144, cpus: 2, timeoutMs, signal });
    await readResults(work, folder, signal);
    rmSync(work);
  } catch (error) {
    const end =
      read(consoleOf(folder)) === undefined ? '' : `; its console ends with:\n${lastLines(consoleOf(folder))}`;
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`the rig did not come to its end: ${messageOf(error)}${end}`, { cause: error });
  }
  const results = join(folder, 'results');
  return {
    folder: results,
    step(name) {
      const [exit, stdout, stderr] = ['exit', 'out', 'err'].map((kind) => read(join(results, `${name}.${kind}`)));
      if (exit === undefined || stdout === undefined || stderr === undefined) {
        throw new RangeError(
          `the step ${name} did not end inside; the console ends with:\n${lastLines(consoleOf(folder))}`,
        );
      }
      return { exitCode: Number(exit), stdout, stderr };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

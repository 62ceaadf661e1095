import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, ResourceError } from '../../bench/errors.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { Instance, InstanceSpec, RunContext, StartOptions } from '../../bench/model/runner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { OWNER_VARIABLE } from '../../bench/proc/exec.ts';
import { launch, type Step } from '../../bench/proc/launcher.ts';
import type { CgroupDriver } from '../oci/runtime.ts';
import { type Layout, layout } from '../oci/layout.ts';
import { networkStep, removeNetwork } from '../oci/network.ts';
import type { RunBridge } from '../shared/bridge.ts';
import {
  cgroupCpuNs,
  cgroupsNamed,
  cgroupsOf,
  limitsOf,
  pidsIn,
  processFolder,
  removeCgroup,
} from '../shared/cgroups.ts';
import type { Client } from '../shared/client.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { boxPlacement, INSIDE_ENVIRONMENT, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { unmount } from '../shared/mounts.ts';
import { INSTANCE_VARIABLE, type ProcessStat, signalProcess, statOf, stillRuns } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import { execEntered } from './enter.ts';
import type { BoxKind } from './kind.ts';
import { ownCgroup, ownFolders } from './own-cgroup.ts';

/** Beyond this the output of a workload is not worth keeping. */
const MAX_OUTPUT_CHARACTERS = 65_536;

const KILLED_TIMEOUT_MS = 30_000;
const TAKE_DOWN_TIMEOUT_MS = 60_000;

/** What all instances of one preparation share. */
export interface BoxPlace {
  readonly kind: BoxKind;
  readonly driver: CgroupDriver;
  /** The program that runs the launch's commands. */
  readonly launcher: string;
  /** The program that enters an instance. */
  readonly enter: string;
  /** Undefined: no network beside loopback. */
  readonly bridge: RunBridge | undefined;
  readonly client: Client;
}

function output(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-MAX_OUTPUT_CHARACTERS);
  } catch {
    return '';
  }
}

/** Runs the launch; what its last command said is in the instance's output. */
async function runSteps(launching: Launching, launcher: string, steps: readonly Step[], paths: Layout): Promise<void> {
  try {
    await launching.steps(launcher, steps);
  } catch (error) {
    const said = output(paths.output).trim().split('\n').at(-1) ?? '';
    if (!(error instanceof CommandError) || said === '') throw error;
    throw new CommandError(error.code, `${error.message}: ${said}`, { cause: error, details: error.details });
  }
}

/** The processes that an instance stands and falls with. */
interface Processes {
  /** Whom the launch named: the first one inside, or who looks after it. */
  readonly named: ProcessStat;
  readonly first: ProcessStat;
  /** Lists all that run inside. */
  readonly folder: string;
}

function signal(process: ProcessStat, name: NodeJS.Signals): void {
  if (stillRuns(process)) signalProcess(process.pid, name);
}

/** With the first process all inside go; whoever looks after it tidies up, and ends. */
function kill({ first, named }: Processes): void {
  signal(stillRuns(first) ? first : named, 'SIGKILL');
}

function isGone({ named, folder }: Processes): boolean {
  return !stillRuns(named) && pidsIn(folder).length === 0;
}

async function removeCgroups(name: string): Promise<void> {
  for (const path of cgroupsNamed(name)) await removeCgroup(path);
}

/**
 * Takes an instance down with one process instead of one for each part: a start of a process holds tare up, and there may be a
 * thousand to take down. What fails or is left is for the undo of each part, which says so.
 */
async function takeDown({ launcher }: BoxPlace, paths: Layout, processes: Processes): Promise<void> {
  if (!existsSync(paths.folder)) return;
  kill(processes);
  await waitUntil(() => isGone(processes), { timeoutMs: KILLED_TIMEOUT_MS });
  await removeCgroups(paths.name).catch(() => {});
  const steps = [
    { argv: ['ip', 'netns', 'delete', paths.netns] },
    { argv: ['umount', '--quiet', paths.rootfs] },
    { argv: ['rm', '--recursive', '--force', '--one-file-system', '--', paths.folder] },
  ];
  await launch(launcher, steps, { timeoutMs: TAKE_DOWN_TIMEOUT_MS }).catch(() => {});
}

/** The processes of an instance that has announced itself. @throws ResourceError `NO_CGROUP`, and what `BoxKind.first` throws. */
function processesOf(kind: BoxKind, named: ProcessStat | undefined, name: string): Processes {
  const first = named && statOf(kind.first(named.pid, name));
  const folder = first && processFolder(cgroupsOf(first.pid));
  if (named === undefined || first === undefined || folder === undefined) {
    throw new ResourceError('NO_CGROUP', `the cgroup of ${name} cannot be found`);
  }
  return { named, first, folder };
}

/** Starts one container in a cgroup of its own. @throws StartError. */
export async function startBox(
  spec: InstanceSpec,
  place: BoxPlace,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { kind, driver } = place;
  const { tag } = run.owner;
  const paths = layout(kind, run, index);
  const { name, folder } = paths;
  const placement = boxPlacement(spec.entry);
  const profile = kind.profile();
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag, [INSTANCE_VARIABLE]: name };
  // Composing the texts is tare's own work, not the box's: only the files are made while the clock runs.
  const limits = {
    name,
    cpus: options.cpus ?? spec.cpus,
    memoryBytes: spec.memoryBytes,
    hierarchies: kind.hierarchies,
  };
  const cgroup = ownCgroup(driver, limits, join(folder, 'limits'));
  const box = kind.launch({
    ...{ paths, tree: spec.image.tree, environment, driver, cgroupFolders: cgroup.folders },
    argv: [INSIDE.probe, ...probeArguments(spec.entry, placement)],
  });
  const files = { ...box.files, ...(cgroup.limits === undefined ? {} : { limits: cgroup.limits }) };
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    undo.defer(() => removeFolder(folder));
    mkdirSync(folder, { recursive: true });
    await makeFifos(paths.marks, paths.commands, ...kind.fifos.map((fifo) => join(folder, fifo)));
    const channel = undo.use(new MarkChannel(paths.marks, paths.commands));
    launching.begin();
    // Synchronous: the clock runs, and a turn through the thread pool costs more than the call itself.
    for (const path of [paths.upper, paths.work, paths.rootfs]) mkdirSync(path);
    undo.defer(() => unmount(paths.rootfs));
    undo.defer(() => kind.forget(name));
    // Given back only once its interface has gone.
    const lease = place.bridge && undo.use(await place.bridge.attach());
    undo.defer(() => removeNetwork(paths.netns, paths.veth));
    const network = networkStep(folder, paths.netns, lease && { veth: paths.veth, lease });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    undo.defer(() => removeCgroups(name));
    const last = { argv: cgroup.words(box.command), outputFile: paths.output };
    await runSteps(launching, place.launcher, [...box.steps, network.step, last], paths);
    launching.mark('api', launching.commands.at(-1)?.endedNs ?? 0n);
    const named = statOf(Number(readFileSync(paths.pidFile, 'utf8')));
    await launching.untilReady(channel, () => named !== undefined && stillRuns(named));
    const address = lease?.address ?? null;
    if (options.reach) await launching.untilReachable(address, spec.entry.ready(placement));
    const processes = processesOf(kind, named, name);
    const { pid } = processes.first;
    const own = ownFolders(pid, name);
    const entered = { enter: place.enter, name, pid, environment, profile };
    const inside: Instance['exec'] = (argv, most) => execEntered(entered, argv, most);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: { ...files, ...network.files },
      exec: inside,
      timed: (argv, most) => timedRun({ channel, exec: inside }, argv, most),
      address,
      client: (argv, most) => place.client.exec({ address, port: placement.port }, argv, most),
      describe: async () => ({ ...describeProcess(pid, false), ...limitsOf(own) }),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => cgroupCpuNs(own),
      // A mounted overlay inside is another file system, and is left out by what counts.
      diskPaths: () => [folder],
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: async () => signal(processes.named, 'SIGTERM'),
          kill: async () => kill(processes),
          isGone: () => isGone(processes),
        }),
      [Symbol.asyncDispose]: async () => {
        await takeDown(place, paths, processes);
        await owned.disposeAsync();
      },
    };
  } catch (cause) {
    const said = output(paths.output);
    await undo.disposeAsync();
    throw launching.failure(name, cause, said === '' ? {} : { 'output.log': said });
  }
}

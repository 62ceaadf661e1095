import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, ResourceError } from '../../bench/errors.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { Instance, InstanceSpec, RunContext, StartOptions } from '../../bench/model/runner.ts';
import { exec, OWNER_VARIABLE } from '../../bench/proc/exec.ts';
import { launch, type Step } from '../../bench/proc/launcher.ts';
import type { RunBridge } from '../shared/bridge.ts';
import { cgroupCpuNs, cgroupsNamed, cgroupsOf, pidsIn, processFolder, removeCgroup } from '../shared/cgroups.ts';
import type { Client } from '../shared/client.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { boxPlacement, INSIDE_ENVIRONMENT, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { unmount } from '../shared/mounts.ts';
import { netnsPath } from '../shared/netns.ts';
import { INSTANCE_VARIABLE, isRunning, statOf } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import { cgroupsPath, deleteContainer, type Running, runtimeArgv, startArgv } from './cli.ts';
import { loadedApparmorProfile, ociConfig } from './config.ts';
import { execInside } from './exec.ts';
import { type Layout, layout } from './layout.ts';
import { networkStep, removeNetwork } from './network.ts';
import type { CgroupDriver, Invocation, OciRuntime } from './runtime.ts';

/** Beyond this the output of a workload is not worth keeping. */
const MAX_OUTPUT_CHARACTERS = 65_536;

const TAKE_DOWN_TIMEOUT_MS = 60_000;

/** What all instances of one preparation share. */
export interface OciPlace {
  readonly runtime: OciRuntime;
  readonly driver: CgroupDriver;
  readonly invocation: Invocation;
  /** The program that runs the launch's commands. */
  readonly launcher: string;
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

/** Starts the container; what runs in it writes to a file, since a pipe would be held for as long as it lives. */
function startStep(run: RunContext, { runtime, invocation }: OciPlace, paths: Layout): Step {
  return { argv: startArgv(runtime, run.runDir, invocation, paths), outputFile: paths.output };
}

/** Runs the launch; where the runtime fails, what it said is in the container's output. */
async function runSteps(launching: Launching, launcher: string, steps: readonly Step[], paths: Layout): Promise<void> {
  try {
    await launching.steps(launcher, steps);
  } catch (error) {
    const said = output(paths.output).trim().split('\n').at(-1) ?? '';
    if (!(error instanceof CommandError) || said === '') throw error;
    throw new CommandError(error.code, `${error.message}: ${said}`, { cause: error, details: error.details });
  }
}

/**
 * Takes an instance down with one process instead of one for each part: a start of a process holds tare up, and there may be a
 * thousand to take down. What fails or is left is for the undo of each part, which says so.
 */
async function takeDown(
  run: RunContext,
  { runtime, launcher }: OciPlace,
  { name, netns, rootfs, folder }: Layout,
): Promise<void> {
  if (!existsSync(folder)) return;
  const steps = [
    { argv: runtimeArgv(runtime, run.runDir, ['delete', '--force', name]) },
    { argv: ['ip', 'netns', 'delete', netns] },
    { argv: ['umount', rootfs] },
    { argv: ['rm', '--recursive', '--force', '--one-file-system', '--', folder] },
  ];
  await launch(launcher, steps, { timeoutMs: TAKE_DOWN_TIMEOUT_MS }).catch(() => {});
}

/** Removes the instance's cgroups where the runtime left some. */
async function removeCgroups(name: string): Promise<void> {
  for (const path of cgroupsNamed(name)) await removeCgroup(path);
}

/** Has a runtime signal a container. One that has ended meanwhile cannot be: that it goes is then only waited for. */
async function signalled(pid: number, argv: readonly string[]): Promise<void> {
  try {
    await exec(argv);
  } catch (error) {
    if (isRunning(statOf(pid))) throw error;
  }
}

/** Starts one container from an OCI bundle on an overlay over the store's tree. @throws StartError. */
export async function startContainer(
  spec: InstanceSpec,
  place: OciPlace,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { runtime } = place;
  const { tag } = run.owner;
  const paths = layout(runtime, run, index);
  const { name, folder } = paths;
  const placement = boxPlacement(spec.entry);
  const apparmorProfile = loadedApparmorProfile();
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag, [INSTANCE_VARIABLE]: name };
  // Composing the text is tare's own work, not the box's: only the file is made while the clock runs.
  const config = ociConfig(
    { ...spec, cpus: options.cpus ?? spec.cpus },
    {
      ...{ name, rootfs: paths.rootfs, marks: paths.marks, commands: paths.commands, apparmorProfile },
      argv: [INSIDE.probe, ...probeArguments(spec.entry, placement)],
      environment,
      netns: netnsPath(paths.netns),
      cgroupsPath: cgroupsPath(place.driver, tag, name),
      cgroupVersion: place.driver.version,
    },
  );
  const configText = `${JSON.stringify(runtime.adapt?.(config) ?? config, null, 1)}\n`;
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    undo.defer(() => removeFolder(folder));
    mkdirSync(folder, { recursive: true });
    await makeFifos(paths.marks, paths.commands);
    const channel = undo.use(new MarkChannel(paths.marks, paths.commands));
    launching.begin();
    // Synchronous: the clock runs, and a turn through the thread pool costs more than the call itself.
    for (const path of [paths.upper, paths.work, paths.rootfs]) mkdirSync(path);
    undo.defer(() => unmount(paths.rootfs));
    // Given back only once its interface has gone.
    const lease = place.bridge && undo.use(await place.bridge.attach());
    undo.defer(() => removeNetwork(paths.netns, paths.veth));
    const link = lease && { veth: paths.veth, lease };
    const network = networkStep(folder, paths.netns, link);
    writeFileSync(join(folder, 'config.json'), configText);
    undo.defer(() => removeCgroups(name));
    undo.defer(() => deleteContainer(runtime, run.runDir, name));
    const layers = `lowerdir=${spec.image.tree},upperdir=${paths.upper},workdir=${paths.work}`;
    const mount = { argv: ['mount', '-t', 'overlay', 'overlay', '-o', layers, paths.rootfs] };
    await runSteps(launching, place.launcher, [mount, network.step, startStep(run, place, paths)], paths);
    launching.mark('api', launching.commands.at(-1)?.endedNs ?? 0n);
    const pid = Number(readFileSync(paths.pidFile, 'utf8'));
    const cgroups = cgroupsOf(pid);
    await launching.untilReady(channel, () => isRunning(statOf(pid)));
    if (options.reach) await launching.untilReachable(link?.lease.address ?? null, spec.entry.ready(placement));
    const processes = processFolder(cgroups);
    if (processes === undefined) throw new ResourceError('NO_CGROUP', `the cgroup of ${name} cannot be found`);
    const address = link?.lease.address ?? null;
    const { execOptions = [] } = place.invocation;
    const running: Running = { runtime, runDir: run.runDir, name, options: execOptions, environment };
    const inside: Instance['exec'] = (argv, limits) => execInside(running, argv, limits);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: { 'config.json': configText, ...network.files },
      exec: inside,
      timed: (argv, limits) => timedRun({ channel, exec: inside }, argv, limits),
      address,
      client: (argv, limits) => place.client.exec({ address, port: placement.port }, argv, limits),
      describe: async () => ({ ...describeProcess(pid, true), ...(await runtime.seenInside?.(inside)) }),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => cgroupCpuNs(cgroups),
      // The mounted overlay inside is another file system, and is left out by what counts.
      diskPaths: () => [folder],
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: () => signalled(pid, runtimeArgv(runtime, run.runDir, ['kill', name, 'TERM'])),
          kill: () => signalled(pid, runtimeArgv(runtime, run.runDir, ['kill', '--all', name, 'KILL'])),
          isGone: () => pidsIn(processes).length === 0,
        }),
      [Symbol.asyncDispose]: async () => {
        await takeDown(run, place, paths);
        await owned.disposeAsync();
      },
    };
  } catch (cause) {
    const said = output(paths.output);
    await undo.disposeAsync();
    throw launching.failure(name, cause, said === '' ? {} : { 'output.log': said });
  }
}

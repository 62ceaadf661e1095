/**
 * One start: everything that is made for one instance alone, and its undoing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  boxPlacement,
  cgroupCpuNs,
  cgroupDriver,
  cgroupsNamed,
  cgroupsOf,
  describeProcess,
  INSIDE,
  INSIDE_ENVIRONMENT,
  INSTANCE_VARIABLE,
  isRunning,
  joinedFolders,
  layout,
  Launching,
  makeFifos,
  MarkChannel,
  networkStep,
  observeEnd,
  ownCgroup,
  OWNER_VARIABLE,
  pidsIn,
  probeArguments,
  processFolder,
  removeCgroup,
  removeFolder,
  removeNetwork,
  ResourceError,
  signalProcess,
  statOf,
  timedRun,
  unmount,
} from 'tare/runner';
import { entryArgv } from './box.js';
import { execInside } from './exec.js';

/** @import { Client, Instance, InstanceSpec, RunBridge, RunContext, StartOptions } from 'tare/runner' */

/** Whatever this runner makes bears it in its name. */
export const ID = 'bubblewrap';

/** Beyond this the output of a workload is not worth keeping. */
const MAX_OUTPUT_CHARACTERS = 65_536;

/**
 * What all instances of one preparation share.
 * @typedef {object} Place
 * @property {string} launcher The program that runs the launch's commands.
 * @property {RunBridge | undefined} bridge Undefined: no network beside loopback.
 * @property {Client} client
 * @property {boolean} newSession
 */

/** @param {string} path */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** @param {string} name */
async function removeCgroups(name) {
  for (const path of cgroupsNamed(name)) await removeCgroup(path);
}

/**
 * Starts one box. Throws StartError, and by then has removed what it made.
 * @param {InstanceSpec} spec
 * @param {Place} place
 * @param {RunContext} run
 * @param {number} index
 * @param {StartOptions} options
 * @returns {Promise<Instance>}
 */
export async function startBox(spec, place, run, index, options = {}) {
  const { tag } = run.owner;
  // Each name bears the run's tag, so that a sweep knows whose it is.
  const paths = layout({ id: ID }, run, index);
  const { name, folder } = paths;
  const [info, limitsFile] = [join(folder, 'info.json'), join(folder, 'limits')];
  const placement = boxPlacement(spec.entry);
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag, [INSTANCE_VARIABLE]: name };
  const box = { ...paths, info, environment, newSession: place.newSession };
  const entry = entryArgv(box, [INSIDE.probe, ...probeArguments(spec.entry, placement)]);
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    // The instruments: the folder and the mark channel. The undo is always registered before the do.
    undo.defer(() => removeFolder(folder));
    mkdirSync(folder, { recursive: true });
    await makeFifos(paths.marks, paths.commands);
    const channel = undo.use(new MarkChannel(paths.marks, paths.commands));

    // From here on the clock runs: whatever this instance alone needs is made now.
    launching.begin();
    for (const path of [paths.upper, paths.work, paths.rootfs]) mkdirSync(path);
    undo.defer(() => unmount(paths.rootfs));
    // Given back only once its interface has gone.
    const lease = place.bridge && undo.use(await place.bridge.attach());
    undo.defer(() => removeNetwork(paths.netns, paths.veth));
    const network = networkStep(folder, paths.netns, lease && { veth: paths.veth, lease });
    // Whatever runs in them goes with them, so that this comes first when all is undone.
    undo.defer(() => removeCgroups(name));
    const [cpus, { memoryBytes }] = [options.cpus ?? spec.cpus, spec];
    const cgroup = ownCgroup(cgroupDriver(), { name, cpus, memoryBytes, hierarchies: 'limiting' }, limitsFile);
    if (cgroup.limits !== undefined) writeFileSync(limitsFile, cgroup.limits);
    const layers = `lowerdir=${spec.image.tree},upperdir=${paths.upper},workdir=${paths.work}`;
    await launching.steps(place.launcher, [
      { argv: ['mount', '-t', 'overlay', 'overlay', '-o', layers, paths.rootfs] },
      network.step,
      // What runs in the box writes to a file: a pipe would be held for as long as it lives.
      { argv: cgroup.words(entry), outputFile: paths.output },
    ]);
    launching.mark('api', launching.commands.at(-1)?.endedNs ?? 0n);
    const pid = Number(JSON.parse(textOf(info))['child-pid']);
    await launching.untilReady(channel, () => isRunning(statOf(pid)));
    const address = lease?.address ?? null;
    if (options.reach) await launching.untilReachable(address, spec.entry.ready(placement));
    const folders = cgroupsOf(pid);
    const processes = processFolder(folders);
    if (processes === undefined) throw new ResourceError('NO_CGROUP', `the cgroup of ${name} cannot be found`);
    /** @type {Instance['exec']} */
    const exec = (argv, limits) => execInside({ name, box, pid, cgroups: joinedFolders(pid, name) }, argv, limits);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: network.files,
      exec,
      timed: (argv, limits) => timedRun({ channel, exec }, argv, limits),
      address,
      client: (argv, limits) => place.client.exec({ address, port: placement.port }, argv, limits),
      describe: async () => describeProcess(pid, true),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => cgroupCpuNs(folders),
      diskPaths: () => [folder],
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: async () => signalProcess(pid, 'SIGTERM'),
          // Process 1 takes all others of its namespace with it.
          kill: async () => signalProcess(pid, 'SIGKILL'),
          isGone: () => pidsIn(processes).length === 0,
        }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    const said = textOf(paths.output).slice(-MAX_OUTPUT_CHARACTERS);
    await undo.disposeAsync();
    throw launching.failure(name, cause, said === '' ? {} : { 'output.log': said });
  }
}

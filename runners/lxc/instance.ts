import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { codeOf, CommandError, WorkloadError } from '../../bench/errors.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import type { EffectiveLimits, Instance, InstanceSpec, RunContext, StartOptions } from '../../bench/model/runner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { exec, OWNER_VARIABLE } from '../../bench/proc/exec.ts';
import type { Step } from '../../bench/proc/launcher.ts';
import { removeVeth } from '../oci/network.ts';
import type { RunBridge } from '../shared/bridge.ts';
import { cgroupCpuNs, cgroupsNamed, limitsOf, removeCgroup } from '../shared/cgroups.ts';
import type { Client } from '../shared/client.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { boxPlacement, INSIDE_ENVIRONMENT } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { INSTANCE_VARIABLE, signalProcess, stillRuns } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import { killContainers, lxcArgv, removeLock } from './cli.ts';
import { lxcConfig } from './config.ts';
import { execInside } from './exec.ts';
import type { LxcHost } from './host.ts';
import type { LxcKind } from './kind.ts';
import { type Layout, layout } from './layout.ts';
import { firstErrorOf, logsOf } from './logs.ts';
import { type Running, runningIn } from './processes.ts';

const MONITOR_TIMEOUT_MS = 10_000;

/** What all instances of one preparation share. */
export interface LxcPlace {
  readonly kind: LxcKind;
  readonly host: LxcHost;
  /** The program that runs the launch's commands. */
  readonly launcher: string;
  /** Undefined: no network beside loopback. */
  readonly bridge: RunBridge | undefined;
  readonly client: Client;
}

/** Runs the launch; what LXC prints where it fails only says that there is a log. */
async function runSteps(launching: Launching, launcher: string, steps: readonly Step[], paths: Layout): Promise<void> {
  try {
    await launching.steps(launcher, steps);
  } catch (error) {
    const said = firstErrorOf(paths);
    if (!(error instanceof CommandError) || said === undefined) throw error;
    throw new CommandError(error.code, `lxc-start: ${said}`, { cause: error, details: error.details });
  }
}

/** The box has ended when its first process has: the kernel ends all others of its process namespace before. */
function isGone({ init }: Running): boolean {
  return !stillRuns(init);
}

/**
 * Ends a container at once, and waits until LXC has put away what it had made for it. Whatever of it is not known, or does not
 * end, is looked for.
 */
async function takeDown({ path, name }: Layout, running: Running | undefined): Promise<void> {
  if (running !== undefined) {
    if (stillRuns(running.init)) signalProcess(running.init.pid, 'SIGKILL');
    const ended = () => !stillRuns(running.monitor);
    if (await waitUntil(ended, { timeoutMs: MONITOR_TIMEOUT_MS, everyMs: 2 })) return;
  }
  await killContainers(path, name);
}

/** Removes the instance's cgroups, with the monitor if it is still there. */
async function removeCgroups(name: string): Promise<void> {
  for (const path of cgroupsNamed(name)) await removeCgroup(path);
}

function describe({ init, limited }: Running): EffectiveLimits {
  // Process 1 may have gone further down; the limits are set above it.
  return { ...describeProcess(init.pid, false), ...limitsOf(limited) };
}

/** How long a container that has ended may take to be gone. */
const LAST_WORDS_MS = 2000;

/** Starts one container on an overlay over the kind's tree. @throws StartError. */
export async function startContainer(
  spec: InstanceSpec,
  { kind, host, launcher, bridge, client }: LxcPlace,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { tag } = run.owner;
  const paths = layout(kind.id, run, index);
  const { name, folder } = paths;
  const placement = boxPlacement(spec.entry);
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag, [INSTANCE_VARIABLE]: name };
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    undo.defer(() => removeFolder(folder));
    mkdirSync(folder);
    await makeFifos(paths.marks, paths.commands);
    const channel = undo.use(new MarkChannel(paths.marks, paths.commands));
    launching.begin();
    // Synchronous: the clock runs, and a turn through the thread pool costs more than the call itself.
    mkdirSync(paths.upper);
    writeFileSync(paths.output, '');
    // Given back only once its interface has gone.
    const lease = bridge && undo.use(await bridge.attach());
    undo.defer(() => removeVeth(paths.veth));
    const link = lease && { veth: paths.veth, lease };
    const { upper, marks, commands, log } = paths;
    const configText = lxcConfig(
      { ...spec, cpus: options.cpus ?? spec.cpus },
      {
        ...{ name, tree: kind.tree, upper, link, environment, haltSignal: kind.haltSignal },
        ...{ marks, commands, log, console: kind.console(paths) },
      },
      host,
      kind.lines(paths),
    );
    writeFileSync(paths.config, configText);
    undo.defer(() => removeLock(paths));
    undo.defer(() => removeCgroups(name));
    let running: Running | undefined;
    undo.defer(() => takeDown(paths, running));
    const argv = lxcArgv('lxc-start', paths, ['--daemon', '--pidfile', paths.monitorPid, '--', ...kind.init]);
    await runSteps(launching, launcher, [{ argv }], paths);
    launching.mark('api', launching.commands.at(-1)?.endedNs ?? 0n);
    const started = runningIn(paths);
    running = started;
    const isAlive = () => started !== undefined && stillRuns(started.init);
    await launching.untilReady(channel, isAlive, kind.announcements);
    if (started === undefined) throw new WorkloadError('INSTANCE_DIED', `${name} has ended`);
    const address = link?.lease.address ?? null;
    if (options.reach) await launching.untilReachable(address, spec.entry.ready(placement));
    const inside: Instance['exec'] = (words, limits) => execInside(paths, words, limits);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: { config: configText, ...kind.logs },
      exec: inside,
      timed: (words, limits) => timedRun({ channel, exec: inside }, words, limits),
      address,
      client: (words, limits) => client.exec({ address, port: placement.port }, words, limits),
      describe: async () => describe(started),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      // With what the monitor used: it made the container.
      cpuNs: async () => cgroupCpuNs(started.whole),
      // The overlay inside is mounted nowhere on the host.
      diskPaths: () => [folder],
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: () => exec(lxcArgv('lxc-stop', paths, ['--nowait', '--nokill'])),
          kill: () => exec(lxcArgv('lxc-stop', paths, ['--kill'])),
          isGone: () => isGone(started),
        }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    // What the workload wrote came through LXC's terminal, the last of it with the container's end, when LXC removes this file.
    if (codeOf(cause) === 'WORKLOAD_EXITED') {
      await waitUntil(() => !existsSync(paths.monitorPid), { timeoutMs: LAST_WORDS_MS });
    }
    const logs = logsOf(paths);
    await undo.disposeAsync();
    throw launching.failure(name, cause, logs);
  }
}

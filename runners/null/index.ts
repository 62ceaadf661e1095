import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nowNs } from '../../bench/proc/clock.ts';
import { exec, spawn } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { INSIDE } from '../../bench/model/image.ts';
import {
  defineRunner,
  type Instance,
  type InstanceSpec,
  type RunContext,
  type StartOptions,
} from '../../bench/model/runner.ts';
import { bridgeClient } from '../shared/client.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { cpuNsOf, isRunning, statOf } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';

const NOTHING = {
  cpus: null,
  memoryBytes: null,
  swapBytes: null,
  cpuQuota: null,
  seccomp: null,
  capabilities: null,
  apparmor: null,
  vcpus: null,
  emulatorCpus: null,
  diskCache: null,
  accelerator: 'none',
  kernel: null,
  hugePages: null,
} as const;

/** Starts the probe on the host around a program that only sleeps: what is left is the harness's own way of doing things. */
async function start(
  spec: InstanceSpec,
  run: RunContext,
  index: number,
  { cpus }: StartOptions = {},
): Promise<Instance> {
  const name = ownedName(run.owner.tag, `null-${index}`);
  const folder = join(run.runDir, `null-${index}`);
  const [marksPath, commandsPath] = [join(folder, 'marks'), join(folder, 'commands')];
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder, { recursive: true });
    await makeFifos(marksPath, commandsPath);
    const channel = undo.use(new MarkChannel(marksPath, commandsPath));
    launching.begin();
    const probe = join(spec.image.tree, INSIDE.probe);
    const argv = [
      ...(cpus === undefined ? [] : ['taskset', '--cpu-list', cpus.join()]),
      ...[probe, '--marks', marksPath, '--commands', commandsPath, '--announce', name, '--ready', 'none'],
      ...['--', '/bin/sleep', 'infinity'],
    ];
    const process = await spawn(argv);
    undo.defer(async () => {
      process.signal('SIGKILL');
      await process.ended;
    });
    const returnedNs = nowNs();
    launching.commands.push({ argv, startedNs: process.startedNs, endedNs: returnedNs });
    launching.mark('api', returnedNs);
    await launching.untilReady(channel, () => isRunning(statOf(process.pid)));
    const inside: Instance['exec'] = (command, options) => exec(command, { ...options, accept: 'any' });
    const owned = undo.move();
    return {
      ref: { kind: 'process', id: name, tag: run.owner.tag },
      placement: { dataDir: folder, listen: '127.0.0.1', port: 0 },
      marks: launching.marks,
      launch: launching.commands,
      logs: {},
      exec: inside,
      timed: (command, options) => timedRun({ channel, exec: inside, probe, announce: name }, command, options),
      address: null,
      client: (command, options) => bridgeClient(spec, run, null).exec({ address: null, port: 0 }, command, options),
      describe: async () =>
        cpus === undefined ? NOTHING : { ...NOTHING, cpus: describeProcess(process.pid, false).cpus },
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => cpuNsOf([process.pid]),
      diskPaths: () => [folder],
      end: (how, timeoutMs) => {
        const signal = async () => process.signal(how === 'stop' ? 'SIGTERM' : 'SIGKILL');
        return observeEnd({
          how,
          timeoutMs,
          stop: signal,
          kill: signal,
          isGone: () => !isRunning(statOf(process.pid)),
        });
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    await undo.disposeAsync();
    throw launching.failure(name, cause, {});
  }
}

/** The harness's own cost, through the same path as everything else: no box, no workload. Its values are never subtracted. */
export const nullRunner = defineRunner({
  id: 'null',
  apiVersion: 1,
  async probe() {
    return {
      ok: true,
      as: 'null',
      title: "the harness's own cost",
      capabilities: {
        isolation: 'none',
        accelerator: 'none',
        marks: ['launched', 'api', 'exec', 'ready'],
        designed: [],
      },
      versions: {},
    };
  },
  async prepare(spec) {
    return {
      digest: spec.image.manifest.digest,
      distribution: async () => ({}),
      imagePaths: async () => [],
      daemons: async () => [],
      start: (run, index, options) => start(spec, run, index, options),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  // Its processes carry the owner's variable and its folder lies in the run's own: the host's sweep takes both.
  sweep: async () => [],
});

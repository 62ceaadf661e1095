import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nowNs } from '../../bench/proc/clock.ts';
import { exec, spawn } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { messageOf, StartError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { Mark } from '../../bench/model/mark.ts';
import { defineRunner, type Ending, type Instance, type InstanceSpec, type RunContext } from '../../bench/model/runner.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';

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
async function start(spec: InstanceSpec, run: RunContext, index: number): Promise<Instance> {
  const folder = join(run.runDir, `null-${index}`);
  const [marksPath, commandsPath] = [join(folder, 'marks'), join(folder, 'commands')];
  await using undo = new AsyncDisposableStack();
  const marks: Mark[] = [{ name: 'launched', atNs: nowNs() }];
  try {
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder, { recursive: true });
    await makeFifos(marksPath, commandsPath);
    const channel = undo.use(new MarkChannel(marksPath, commandsPath));
    const argv = [
      join(spec.image.tree, INSIDE.probe),
      ...['--marks', marksPath, '--commands', commandsPath, '--ready', 'none'],
      ...['--', '/bin/sleep', 'infinity'],
    ];
    const process = await spawn(argv);
    undo.defer(async () => {
      process.signal('SIGKILL');
      await process.ended;
    });
    const returnedNs = nowNs();
    marks.push({ name: 'api', atNs: returnedNs });
    for (const name of ['exec', 'ready'] as const) {
      marks.push({ name, atNs: await channel.waitFor(name, run.startTimeoutMs, run.signal) });
    }
    const owned = undo.move();
    const end = async (how: 'stop' | 'kill'): Promise<Ending> => {
      const startedNs = nowNs();
      process.signal(how === 'stop' ? 'SIGTERM' : 'SIGKILL');
      await process.ended;
      return { startedNs, goneNs: nowNs(), timedOut: false };
    };
    return {
      ref: { kind: 'process', id: ownedName(run.owner.tag, `null-${index}`), tag: run.owner.tag },
      placement: { dataDir: folder, listen: '127.0.0.1', port: 0 },
      marks,
      launch: [{ argv, startedNs: process.startedNs, endedNs: returnedNs }],
      logs: {},
      exec: (command, options) => exec(command, { ...options, accept: 'any' }),
      describe: async () => NOTHING,
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => null,
      diskPaths: () => [folder],
      end,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    throw new StartError('START_FAILED', `the null runner did not start: ${messageOf(cause)}`, { marks, logs: {} }, { cause });
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
      start: (run, index) => start(spec, run, index),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  // Its processes carry the owner's variable and its folder lies in the run's own: the host's sweep takes both.
  sweep: async () => [],
});

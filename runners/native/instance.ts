import { mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance, InstanceSpec, RunContext, StartOptions } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import { nowNs } from '../../bench/proc/clock.ts';
import { type LongRunning, OWNER_VARIABLE, spawn } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { INSIDE_ENVIRONMENT, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import {
  allPids,
  cpuNsOf,
  INSTANCE_VARIABLE,
  isRunning,
  killUntilGone,
  processesWith,
  scanProcesses,
  type ProcessStat,
  signalProcess,
  statOf,
  stillRuns,
} from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import { runTreeProgram, treeArgv } from '../shared/tree-program.ts';
import { INSIDE } from '../../bench/model/image.ts';
import { leasePort } from './port.ts';

/** Every running process of an instance: its session, and whoever left that but still carries its variable. */
function processesOf(name: string, leader: number): readonly ProcessStat[] {
  const marked = processesWith(INSTANCE_VARIABLE, (value) => value === name);
  const known = new Set(marked.map(({ pid }) => pid));
  const inSession = allPids().flatMap((pid) => {
    const stat = known.has(pid) ? undefined : statOf(pid);
    return isRunning(stat) && stat.session === leader ? [stat] : [];
  });
  return [...marked, ...inSession];
}

/** The same by a look that instances which end together share. */
async function scannedOf(name: string, leader: number): Promise<readonly ProcessStat[]> {
  return (await scanProcesses()).filter(({ instance, session }) => instance === name || session === leader);
}

/** A cheap look: at the processes known last, and only when all of those are gone at whether there are others. */
function watch(name: string, leader: number) {
  let watched = processesOf(name, leader);
  return {
    isGone: () => {
      watched = watched.filter(stillRuns);
      if (watched.length > 0) return false;
      watched = processesOf(name, leader);
      return watched.length === 0;
    },
    kill: () => {
      for (const { pid } of watched) signalProcess(pid, 'SIGKILL');
    },
  };
}

/** Starts one instance in the run's copy of the tree. @throws StartError. */
export async function startNative(
  spec: InstanceSpec,
  tree: string,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { tag } = run.owner;
  const name = ownedName(tag, `native-${index}`);
  const own = `/tare/i${index}`;
  const folder = join(tree, own);
  const owned = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag };
  const environment = { ...owned, [INSTANCE_VARIABLE]: name };
  const cpus = options.cpus ?? spec.cpus;
  await using undo = new AsyncDisposableStack();
  let process: LongRunning | undefined;
  const launching = new Launching(run);
  try {
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder, { recursive: true });
    const { port } = undo.use(await leasePort());
    const placement: Placement = { dataDir: `${own}/data`, listen: '127.0.0.1', port };
    const [marksPath, commandsPath] = [join(folder, 'marks'), join(folder, 'commands')];
    await makeFifos(marksPath, commandsPath);
    const channel = undo.use(new MarkChannel(marksPath, commandsPath));
    launching.begin();
    mkdirSync(join(folder, 'data'));
    // The host's network namespace is everybody's: the name must be this instance's alone.
    const inside = { marks: `${own}/marks`, commands: `${own}/commands`, announce: name };
    const argv = treeArgv(tree, cpus, [INSIDE.probe, ...probeArguments(spec.entry, placement, inside)]);
    const running = await spawn(argv, { env: environment });
    process = running;
    undo.defer(async () => {
      running.signal('SIGKILL');
      await killUntilGone(() => scannedOf(name, running.pid));
      await running.ended;
    });
    const returnedNs = nowNs();
    launching.commands.push({ argv, startedNs: running.startedNs, endedNs: returnedNs });
    launching.mark('api', returnedNs);
    await launching.untilReady(channel, () => isRunning(statOf(running.pid)));
    if (options.reach) await launching.untilReachable(placement.listen, spec.entry.ready(placement));
    const exec: Instance['exec'] = (words, limits) => runTreeProgram(treeArgv(tree, cpus, words), environment, limits);
    const made = undo.move();
    return {
      ref: { kind: 'process', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: {},
      exec,
      timed: (words, limits) => timedRun({ channel, exec, announce: name }, words, limits),
      address: placement.listen,
      // Not with the instance's variable: it is none of its processes.
      client: (words, limits) => runTreeProgram(treeArgv(tree, spec.clientCpus, words), owned, limits),
      describe: async () => describeProcess(running.pid, false),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      cpuNs: async () => cpuNsOf(processesOf(name, running.pid).map(({ pid }) => pid)),
      diskPaths: () => [folder],
      end: (how, timeoutMs) => {
        const watched = watch(name, running.pid);
        return observeEnd({
          how,
          timeoutMs,
          // The probe passes it on; to the whole group the workload would get it twice.
          stop: async () => signalProcess(running.pid, 'SIGTERM'),
          kill: async () => {
            running.signal('SIGKILL');
            watched.kill();
          },
          isGone: watched.isGone,
        });
      },
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  } catch (cause) {
    await undo.disposeAsync();
    const output = (await process?.ended)?.output ?? '';
    throw launching.failure(name, cause, output === '' ? {} : { 'output.log': output });
  }
}

import { mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult, Instance, InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import { nowNs } from '../../bench/proc/clock.ts';
import { exec, type LongRunning, OWNER_VARIABLE, spawn } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { INSIDE_ENVIRONMENT, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import {
  allPids,
  cpuNsOf,
  EXEC_VARIABLE,
  INSTANCE_VARIABLE,
  isRunning,
  killUntilGone,
  processesWith,
  type ProcessStat,
  signalProcess,
  statOf,
  stillRuns,
} from '../shared/processes.ts';
import { INSIDE } from '../../bench/model/image.ts';
import { leasePort } from './port.ts';

/** chroot and taskset say these when they could not run the program, followed by why. */
const NOT_RUN = /^(?:chroot|taskset): /m;

let execs = 0;

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

function runArgv(tree: string, cpus: readonly number[], argv: readonly string[]): readonly string[] {
  return ['taskset', '--cpu-list', cpus.join(), 'chroot', tree, ...argv];
}

async function execInside(
  prefix: (argv: readonly string[]) => readonly string[],
  environment: Readonly<Record<string, string>>,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  execs += 1;
  const marker = `${environment[INSTANCE_VARIABLE]}-${execs}`;
  try {
    const result = await exec(prefix(argv), {
      ...options,
      env: { ...environment, [EXEC_VARIABLE]: marker },
      accept: 'any',
    });
    if (result.exitCode < 125 || result.exitCode > 127 || !NOT_RUN.test(result.stderr)) return result;
    throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
  } catch (error) {
    // The deadline ended the program itself; what it started goes with it.
    await killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
    throw error;
  }
}

/** Starts one instance in the run's copy of the tree. @throws StartError. */
export async function startNative(spec: InstanceSpec, tree: string, run: RunContext, index: number): Promise<Instance> {
  const { tag } = run.owner;
  const name = ownedName(tag, `native-${index}`);
  const own = `/tare/i${index}`;
  const folder = join(tree, own);
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag, [INSTANCE_VARIABLE]: name };
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
    const inside = { marks: `${own}/marks`, commands: `${own}/commands` };
    const argv = runArgv(tree, spec.cpus, [INSIDE.probe, ...probeArguments(spec.entry, placement, inside)]);
    const running = await spawn(argv, { env: environment });
    process = running;
    undo.defer(async () => {
      await killUntilGone(() => processesOf(name, running.pid));
      await running.ended;
    });
    const returnedNs = nowNs();
    launching.commands.push({ argv, startedNs: running.startedNs, endedNs: returnedNs });
    launching.mark('api', returnedNs);
    await launching.untilReady(channel, () => isRunning(statOf(running.pid)));
    const owned = undo.move();
    return {
      ref: { kind: 'process', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: {},
      exec: (command, options) => execInside((words) => runArgv(tree, spec.cpus, words), environment, command, options),
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
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    await undo.disposeAsync();
    const output = (await process?.ended)?.output ?? '';
    throw launching.failure(name, cause, output === '' ? {} : { 'output.log': output });
  }
}

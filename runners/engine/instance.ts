import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CommandError, ParseError, ResourceError, UnsupportedError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type {
  ExecOptions,
  ExecResult,
  Instance,
  InstanceSpec,
  RunContext,
  StartOptions,
} from '../../bench/model/runner.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { cgroupCpuNs, cgroupsOf, hierarchies, pidsIn, processFolder } from '../shared/cgroups.ts';
import type { Client } from '../shared/client.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { boxPlacement, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { mountsOf } from '../shared/mounts.ts';
import { cpuNsOf, EXEC_VARIABLE, killUntilGone, processesWith, statOf } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import type { Shards } from '../shared/shards.ts';
import { TAG_LABEL } from './cli.ts';
import type { Engine, EngineNetwork } from './engine.ts';

/** The client is not cut off while it starts a container: the engine would go on, and start it after the clean-up. */
const RUN_TIMEOUT_MS = 3 * 60_000;

const containerSchema = z.array(
  z.looseObject({
    State: z.looseObject({ Pid: z.number().int() }),
    HostsPath: z.string().default(''),
    /** Of Podman: its records of the container. */
    StaticDir: z.string().default(''),
    NetworkSettings: z.looseObject({
      Networks: z.record(z.string(), z.looseObject({ IPAddress: z.string().nullish() })).nullish(),
    }),
    GraphDriver: z.looseObject({ Data: z.record(z.string(), z.string()).nullish() }).nullish(),
  }),
);

export interface EnginePlace {
  readonly engine: Engine;
  readonly reference: string;
  /** The run's networks; null: none. */
  readonly networks: Shards<EngineNetwork> | null;
  readonly client: Client;
}

let execs = 0;

/** Cgroup folders in which the engine may put a container. */
function candidateFolders(engine: Engine, id: string): readonly string[] {
  return hierarchies().flatMap(({ mountPoint }) => engine.cgroups(id).map((path) => join(mountPoint, path)));
}

/** False once a container that ran has no process left; undefined while that cannot be told. */
function livenessOf(engine: Engine, id: () => string | undefined): () => boolean | undefined {
  let seen = false;
  return () => {
    const known = id();
    const folder = known === undefined ? undefined : candidateFolders(engine, known).find((path) => existsSync(path));
    if (folder === undefined) return seen ? false : undefined;
    seen = true;
    return pidsIn(folder).length > 0;
  };
}

function runArgv(
  spec: InstanceSpec,
  place: {
    readonly engine: Engine;
    readonly reference: string;
    readonly network: string | null;
    readonly ip: string | null;
  },
  name: string,
  tag: string,
  fifos: readonly [string, string],
) {
  const placement = boxPlacement(spec.entry);
  const memory = String(spec.memoryBytes);
  const [marks, commands] = fifos;
  return [
    ...['run', '--detach', '--name', name, '--label', `${TAG_LABEL}=${tag}`, '--pull', 'never'],
    ...place.engine.runWords,
    ...['--network', place.network ?? 'none', ...(place.ip === null ? [] : place.engine.addressWords(place.ip))],
    ...['--cpuset-cpus', spec.cpus.join()],
    // Memory and swap together: the same figure leaves no swap.
    ...['--memory', memory, '--memory-swap', memory],
    ...['--mount', `type=bind,source=${marks},target=${INSIDE.marks}`],
    ...['--mount', `type=bind,source=${commands},target=${INSIDE.commands}`],
    ...['--entrypoint', INSIDE.probe, place.reference, ...probeArguments(spec.entry, placement)],
  ];
}

async function execInside(
  { cli, notRun }: Engine,
  name: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  execs += 1;
  const marker = `${name}-${execs}`;
  try {
    // Without the flag the engine gives a program no input at all.
    const flags = [
      ...['--env', `${EXEC_VARIABLE}=${marker}`],
      ...(options.input === undefined ? [] : ['--interactive']),
    ];
    const result = await cli.run(['exec', ...flags, name, ...argv], { ...options, accept: 'any' });
    if (result.exitCode < 125 || !notRun.test(`${result.stderr}\n${result.stdout}`)) return result;
    throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
  } catch (error) {
    // The deadline ended the client; what it had started inside would go on.
    await killUntilGone(() => processesWith(EXEC_VARIABLE, (value) => value === marker));
    throw error;
  }
}

/** The writable layer that is mounted as a process's root: what the engine itself may not tell, the kernel does. */
function mountedUpper(pid: number): string | undefined {
  const root = mountsOf(pid).findLast(({ mountPoint }) => mountPoint === '/');
  return /(?:^|,)upperdir=(\/[^,]*)/.exec(root?.superOptions ?? '')?.[1];
}

/**
 * Folders that the engine made for this container alone: its writable layer with what belongs to it, and its records.
 * Undefined where the layer cannot be found.
 */
function foldersOf(upper: string | undefined, hosts: string, records: string): readonly string[] | undefined {
  if (upper === undefined) return undefined;
  const kept = [hosts, records].filter((path) => path.startsWith('/')).map((path) => dirname(path));
  return [...new Set([dirname(upper), `${dirname(upper)}-init`, ...kept])].filter((path) => existsSync(path));
}

/** @throws ParseError `ENGINE_OUTPUT` for anything but an IPv4 address. */
function addressOn({ NetworkSettings }: z.infer<typeof containerSchema>[number], network: string): string {
  const address = NetworkSettings.Networks?.[network]?.IPAddress ?? '';
  if (isIPv4(address)) return address;
  throw new ParseError('ENGINE_OUTPUT', `the engine names no address of the container on ${network}`);
}

/** Starts one container. @throws StartError. */
export async function startContainer(
  spec: InstanceSpec,
  place: EnginePlace,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { tag } = run.owner;
  const { engine } = place;
  const name = ownedName(tag, `${engine.id}-${index}`);
  const folder = join(run.runDir, `${engine.id}-${index}`);
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  let id: string | undefined;
  try {
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder, { recursive: true });
    const fifos = [join(folder, 'marks'), join(folder, 'commands')] as const;
    await makeFifos(...fifos);
    const channel = undo.use(new MarkChannel(...fifos));
    // Which of the run's networks has a port is the harness's business: before the clock starts.
    const taken = place.networks && undo.use(await place.networks.take());
    const network = taken?.value.name ?? null;
    const ip = taken ? undo.use(taken.value.lease()).address : null;
    launching.begin();
    undo.defer(() => engine.cli.remove([...engine.removal, name]));
    const pinned = { ...spec, cpus: options.cpus ?? spec.cpus };
    const started = await engine.cli.run(
      runArgv(pinned, { engine, reference: place.reference, network, ip }, name, tag, fifos),
      {
        timeoutMs: RUN_TIMEOUT_MS,
      },
    );
    const { argv: words, startedNs, endedNs } = started;
    launching.commands.push({ argv: words, startedNs, endedNs });
    launching.mark('api', endedNs);
    id = started.stdout.trim();
    const isAlive = livenessOf(engine, () => id);
    // What ends soon has been seen, so that its end is noticed.
    isAlive();
    await launching.untilReady(channel, isAlive);
    const placement = boxPlacement(spec.entry);
    if (options.reach) await launching.untilReachable(ip, spec.entry.ready(placement));
    const [inspected] = await engine.cli.json(['container', 'inspect', name], containerSchema);
    if (!inspected || inspected.State.Pid === 0) throw new ResourceError('GONE', `${name} ended after it was ready`);
    const pid = inspected.State.Pid;
    const cgroups = cgroupsOf(pid);
    const processes = processFolder(cgroups);
    if (processes === undefined) throw new ResourceError('NO_CGROUP', `the cgroup of ${name} cannot be found`);
    const shim = statOf(pid)?.ppid ?? 0;
    const disk = foldersOf(
      inspected.GraphDriver?.Data?.['UpperDir'] ?? mountedUpper(pid),
      inspected.HostsPath,
      inspected.StaticDir,
    );
    const address = network === null ? null : addressOn(inspected, network);
    const runInside: Instance['exec'] = (argv, limits) => execInside(engine, name, argv, limits);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: { 'inspect.json': `${JSON.stringify(inspected, null, 2)}\n` },
      exec: runInside,
      timed: (argv, limits) => timedRun({ channel, exec: runInside }, argv, limits),
      address,
      client: (argv, limits) => place.client.exec({ address, port: placement.port }, argv, limits),
      describe: async () => describeProcess(pid, true),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      // The shim works for this container alone, so that its time is the container's cost.
      cpuNs: async () => {
        const inside = cgroupCpuNs(cgroups);
        const outside = shim > 1 ? cpuNsOf([shim]) : null;
        return inside === null || outside === null ? null : inside + outside;
      },
      diskPaths: () => {
        if (disk) return disk;
        throw new UnsupportedError('NO_LAYER_FOLDERS', `nobody says where the writable layer of ${name} is`, {
          hint: 'use the storage driver overlay2 (of Podman: overlay)',
        });
      },
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: () => engine.cli.run(['stop', '-t', String(Math.ceil(timeoutMs / 1000) + 5), name]),
          kill: () => engine.cli.run(['kill', name]),
          isGone: () => pidsIn(processes).length === 0,
        }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    const logs = id === undefined ? {} : { 'output.log': await outputOf(engine, name) };
    await undo.disposeAsync();
    throw launching.failure(name, cause, logs);
  }
}

/** The last of what a container printed, for the logs of a failure; nothing where that cannot be had. */
async function outputOf({ cli }: Engine, name: string): Promise<string> {
  try {
    const { stdout, stderr } = await cli.run(['logs', '--tail', '200', name], { timeoutMs: 5000 });
    return stdout + stderr;
  } catch {
    return '';
  }
}

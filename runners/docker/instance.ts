import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CommandError, ResourceError, UnsupportedError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type { ExecOptions, ExecResult, Instance, InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { cgroupCpuNs, cgroupsOf, hierarchies, pidsIn, processFolder } from '../shared/cgroups.ts';
import { describeProcess } from '../shared/describe.ts';
import { observeEnd } from '../shared/ending.ts';
import { boxPlacement, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import { mountsOf } from '../shared/mounts.ts';
import { cpuNsOf, EXEC_VARIABLE, killUntilGone, processesWith, statOf } from '../shared/processes.ts';
import { docker, dockerJson, dockerRemove, TAG_LABEL } from './cli.ts';

/** The client is not cut off while it starts a container: the engine would go on, and start it after the clean-up. */
const RUN_TIMEOUT_MS = 60_000;

/** What the engine prints when the program inside could not be run at all. */
const NOT_RUN = /^OCI runtime exec failed|^Error response from daemon/m;

const containerSchema = z.array(
  z.looseObject({
    State: z.looseObject({ Pid: z.number().int() }),
    HostsPath: z.string().default(''),
    GraphDriver: z.looseObject({ Data: z.record(z.string(), z.string()).nullish() }).nullish(),
  }),
);

export interface DockerPlace {
  readonly reference: string;
  /** The run's network; null: none. */
  readonly network: string | null;
}

let execs = 0;

/** Cgroup folders in which the engine may put a container, by its two cgroup drivers. */
function candidateFolders(id: string): readonly string[] {
  return hierarchies().flatMap(({ mountPoint }) => [
    join(mountPoint, 'docker', id),
    join(mountPoint, 'system.slice', `docker-${id}.scope`),
  ]);
}

/** False once a container that ran has no process left; undefined while that cannot be told. */
function livenessOf(id: () => string | undefined): () => boolean | undefined {
  let seen = false;
  return () => {
    const known = id();
    const folder = known === undefined ? undefined : candidateFolders(known).find((path) => existsSync(path));
    if (folder === undefined) return seen ? false : undefined;
    seen = true;
    return pidsIn(folder).length > 0;
  };
}

function runArgv(spec: InstanceSpec, place: DockerPlace, name: string, tag: string, fifos: readonly [string, string]) {
  const placement = boxPlacement(spec.entry);
  const memory = String(spec.memoryBytes);
  const [marks, commands] = fifos;
  return [
    ...['run', '--detach', '--name', name, '--label', `${TAG_LABEL}=${tag}`, '--pull', 'never'],
    ...['--network', place.network ?? 'none', '--cpuset-cpus', spec.cpus.join()],
    // Memory and swap together: the same figure leaves no swap.
    ...['--memory', memory, '--memory-swap', memory],
    ...['--mount', `type=bind,source=${marks},target=${INSIDE.marks}`],
    ...['--mount', `type=bind,source=${commands},target=${INSIDE.commands}`],
    ...['--entrypoint', INSIDE.probe, place.reference, ...probeArguments(spec.entry, placement)],
  ];
}

async function execInside(name: string, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  execs += 1;
  const marker = `${name}-${execs}`;
  try {
    const result = await docker(['exec', '--env', `${EXEC_VARIABLE}=${marker}`, name, ...argv], {
      ...options,
      accept: 'any',
    });
    if (result.exitCode < 125 || !NOT_RUN.test(`${result.stderr}\n${result.stdout}`)) return result;
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
function foldersOf(upper: string | undefined, hosts: string): readonly string[] | undefined {
  if (upper === undefined) return undefined;
  const records = hosts.startsWith('/') ? [dirname(hosts)] : [];
  return [dirname(upper), `${dirname(upper)}-init`, ...records].filter((path) => existsSync(path));
}

/** Starts one container. @throws StartError. */
export async function startDocker(
  spec: InstanceSpec,
  place: DockerPlace,
  run: RunContext,
  index: number,
): Promise<Instance> {
  const { tag } = run.owner;
  const name = ownedName(tag, `docker-${index}`);
  const folder = join(run.runDir, `docker-${index}`);
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  let id: string | undefined;
  try {
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(folder, { recursive: true });
    const fifos = [join(folder, 'marks'), join(folder, 'commands')] as const;
    await makeFifos(...fifos);
    const channel = undo.use(new MarkChannel(...fifos));
    launching.begin();
    undo.defer(() => dockerRemove(['rm', '--force', '--volumes', name]));
    const started = await docker(runArgv(spec, place, name, tag, fifos), { timeoutMs: RUN_TIMEOUT_MS });
    const { argv: words, startedNs, endedNs } = started;
    launching.commands.push({ argv: words, startedNs, endedNs });
    launching.mark('api', endedNs);
    id = started.stdout.trim();
    await launching.untilReady(
      channel,
      livenessOf(() => id),
    );
    const [inspected] = await dockerJson(['container', 'inspect', name], containerSchema);
    if (!inspected || inspected.State.Pid === 0) throw new ResourceError('GONE', `${name} ended after it was ready`);
    const pid = inspected.State.Pid;
    const cgroups = cgroupsOf(pid);
    const processes = processFolder(cgroups);
    if (processes === undefined) throw new ResourceError('NO_CGROUP', `the cgroup of ${name} cannot be found`);
    const shim = statOf(pid)?.ppid ?? 0;
    const disk = foldersOf(inspected.GraphDriver?.Data?.['UpperDir'] ?? mountedUpper(pid), inspected.HostsPath);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement: boxPlacement(spec.entry),
      marks: launching.marks,
      launch: launching.commands,
      logs: { 'inspect.json': `${JSON.stringify(inspected, null, 2)}\n` },
      exec: (argv, options) => execInside(name, argv, options),
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
          hint: 'use the storage driver overlay2',
        });
      },
      end: (how, timeoutMs) =>
        observeEnd({
          how,
          timeoutMs,
          stop: () => docker(['stop', '-t', String(Math.ceil(timeoutMs / 1000) + 5), name]),
          kill: () => docker(['kill', name]),
          isGone: () => pidsIn(processes).length === 0,
        }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    const logs = id === undefined ? {} : { 'output.log': await outputOf(name) };
    await undo.disposeAsync();
    throw launching.failure(name, cause, logs);
  }
}

/** The last of what a container printed, for the logs of a failure; nothing where that cannot be had. */
async function outputOf(name: string): Promise<string> {
  try {
    const { stdout, stderr } = await docker(['logs', '--tail', '200', name], { timeoutMs: 5000 });
    return stdout + stderr;
  } catch {
    return '';
  }
}

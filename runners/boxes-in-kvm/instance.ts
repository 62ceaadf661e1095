import { closeSync, constants, openSync, readSync } from 'node:fs';
import { CommandError, ParseError, ResourceError } from '../../bench/errors.ts';
import { INSIDE } from '../../bench/model/image.ts';
import type {
  EffectiveLimits,
  Ending,
  ExecOptions,
  ExecResult,
  Instance,
  InstanceSpec,
  RunContext,
  StartOptions,
} from '../../bench/model/runner.ts';
import { nowNs } from '../../bench/proc/clock.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { macFor } from '../shared/bridge.ts';
import type { Client } from '../shared/client.ts';
import { boxPlacement, probeArguments } from '../shared/inside.ts';
import { Launching } from '../shared/launching.ts';
import { MarkChannel } from '../shared/mark-channel.ts';
import { EXEC_VARIABLE } from '../shared/processes.ts';
import { timedRun } from '../shared/timed.ts';
import { configText } from './config.ts';
import type { GuestEngine } from './engine.ts';
import { hostCpus, readCpus, readDescription } from './description.ts';
import { inGuest, mustInGuest } from './guest.ts';
import type { WarmGuest } from './warm.ts';

const SHORT = { timeoutMs: 60_000 };
/** As many as a guest has are removed side by side, on what may be one emulated CPU. */
const REMOVAL = { timeoutMs: 5 * 60_000 };
/** Of the script inside: the container is still there. */
const STILL_THERE = 3;
/** Beyond the deadline of an end, for the way to the guest. */
const END_MARGIN_MS = 30_000;
/** One port carries both ways: it can be opened once. */
const CHANNEL = { ...INSIDE, commands: INSIDE.marks };

export interface BoxPlace {
  readonly engine: GuestEngine;
  readonly warm: WarmGuest;
  readonly client: Client;
}

/** Takes what the last user of a port has left in it. */
function drain(path: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const chunk = Buffer.alloc(65_536);
  try {
    while (readSync(fd, chunk) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  } finally {
    closeSync(fd);
  }
}

let execs = 0;

async function execInside(
  { engine, warm }: BoxPlace,
  name: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  execs += 1;
  const marker = `${EXEC_VARIABLE}=${name}-${execs}`;
  const interactive = engine.engine === 'docker' && options.input !== undefined ? ['--interactive'] : [];
  try {
    const words = [`${engine.engine}-exec`, '--env', marker, ...interactive, name, ...argv];
    const result = await inGuest(warm.guest, words, options);
    if (result.exitCode < engine.ownCodes || !engine.notRun.test(`${result.stderr}\n${result.stdout}`)) return result;
    throw new CommandError('NOT_RUN', `${argv[0]} could not be run: ${result.stderr.trim().slice(-500)}`);
  } catch (error) {
    // The deadline ended the engine's client; what it had started in the container would go on.
    if (warm.guest.isAlive) await inGuest(warm.guest, ['end-marked', marker], SHORT);
    throw error;
  }
}

async function end(
  place: BoxPlace,
  name: string,
  pid: string,
  how: 'stop' | 'kill',
  timeoutMs: number,
): Promise<Ending> {
  const { engine, warm } = place;
  const startedNs = nowNs();
  const ask = async (way: 'stop' | 'kill', ms: number) =>
    inGuest(warm.guest, [`${engine.engine}-${way}`, pid, name, String(ms)], { timeoutMs: ms + END_MARGIN_MS });
  if ((await ask(how, timeoutMs)).exitCode !== STILL_THERE) return { startedNs, goneNs: nowNs(), timedOut: false };
  if ((await ask('kill', SHORT.timeoutMs)).exitCode !== STILL_THERE)
    return { startedNs, goneNs: nowNs(), timedOut: true };
  throw new ResourceError('NOT_GONE', `${name} is still there after ${how} and a kill`);
}

async function describe({ warm, engine }: BoxPlace, name: string): Promise<EffectiveLimits> {
  const pid = (await mustInGuest(warm.guest, [`${engine.engine}-pid`, name], SHORT)).stdout.trim();
  const { stdout } = await mustInGuest(warm.guest, ['describe', pid], SHORT);
  const guest = await warm.guest.describe();
  return { ...guest, ...readDescription(stdout), cpus: hostCpus(readCpus(stdout), guest.cpus ?? []) };
}

/** As the guest's own file system counts what was made for this container alone. @throws CommandError; ParseError. */
async function allocatedInside({ warm, engine }: BoxPlace, name: string): Promise<number> {
  const { stdout } = await mustInGuest(warm.guest, [`${engine.engine}-allocated`, name], SHORT);
  const bytes = /^(\d+)\ttotal\n$/.exec(stdout)?.[1];
  if (bytes === undefined) throw new ParseError('DU_OUTPUT', `du in the guest printed no total for ${name}`);
  return Number(bytes);
}

/** Starts one container in the warm guest. @throws StartError. */
export async function startBox(
  spec: InstanceSpec,
  place: BoxPlace,
  run: RunContext,
  index: number,
  options: StartOptions = {},
): Promise<Instance> {
  const { engine, warm } = place;
  const { guest } = warm;
  const { tag } = run.owner;
  const name = ownedName(tag, `${engine.prefix}-box${index}`);
  const placement = boxPlacement(spec.entry);
  await using undo = new AsyncDisposableStack();
  const launching = new Launching(run);
  try {
    const slot = undo.use(warm.slot());
    drain(slot.marks);
    const channel = undo.use(new MarkChannel(slot.marks, slot.commands));
    const { lease } = slot;
    const entry = probeArguments(spec.entry, placement, CHANNEL);
    const config = configText(spec, { name, slot: slot.number, entry, tag });
    const mac = lease ? macFor(lease.address) : '-';
    launching.begin();
    undo.defer(async () => {
      if (guest.isAlive) await inGuest(guest, [`${engine.engine}-remove`, name], REMOVAL);
    });
    const words =
      engine.engine === 'runc'
        ? ['runc-start', name, String(slot.number), mac, lease?.withPrefix ?? '-']
        : [
            ...['docker-start', name, String(slot.number), config.cpus, String(spec.memoryBytes)],
            ...[mac, lease?.address ?? '-', INSIDE.probe, ...entry],
          ];
    const startedNs = nowNs();
    const input = engine.engine === 'runc' ? { input: config.text } : {};
    await mustInGuest(guest, words, { timeoutMs: launching.remainingMs, signal: run.signal, ...input });
    const endedNs = nowNs();
    launching.commands.push({ argv: words, startedNs, endedNs });
    launching.mark('api', endedNs);
    await launching.untilReady(channel, () => guest.isAlive);
    const address = lease?.address ?? null;
    if (options.reach) await launching.untilReachable(address, spec.entry.ready(placement));
    const pid = (await mustInGuest(guest, [`${engine.engine}-pid`, name], SHORT)).stdout.trim();
    const exec: Instance['exec'] = (argv, limits) => execInside(place, name, argv, limits);
    const owned = undo.move();
    return {
      ref: { kind: 'container', id: name, tag },
      placement,
      marks: launching.marks,
      launch: launching.commands,
      logs: engine.engine === 'runc' ? { 'config.json': config.text } : {},
      exec,
      timed: (argv, limits) => timedRun({ channel, exec }, argv, limits),
      address,
      client: (argv, limits) => place.client.exec({ address, port: placement.port }, argv, limits),
      describe: () => describe(place, name),
      ping: (timeoutMs) => channel.ping(timeoutMs),
      // The host counts the guest's time, which all containers in it share.
      cpuNs: async () => null,
      // On the guest's disk, with that of all others.
      diskPaths: () => [],
      diskBytes: () => allocatedInside(place, name),
      end: (how, timeoutMs) => end(place, name, pid, how, timeoutMs),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (cause) {
    await undo.disposeAsync();
    throw launching.failure(name, cause, {});
  }
}

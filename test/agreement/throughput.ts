import { execa } from 'execa';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { throughputExperiment } from '../../bench/experiments/throughput.ts';
import { planCpusHere } from '../../bench/host/placement.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { Image } from '../../bench/model/image.ts';
import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import type { Workload } from '../../bench/model/workload.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { median } from '../../bench/stats/quantile.ts';
import { signInterval } from '../../bench/stats/sign-interval.ts';
import { workloadOf } from '../../bench/workloads/registry.ts';
import { TAG_LABEL } from '../../runners/engine/cli.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { keptTurn, type TurnOf } from '../helpers/turn.ts';

/**
 * An independent measurement of throughput: a container started by a plain `docker run` of the same image, CPUs and memory, the
 * very same programs in it by `docker exec`, and their numbers read by other code; in turns with tare's docker runner. Prints
 * both medians, tare's exact 95% interval and whether the other median lies in it; exits 1 when the two differ by more than a tenth
 * in every way of looking at it: medians, and the exact interval of the ratio in turns.
 *
 *   node test/agreement/throughput.ts [ROUNDS] [none]
 *
 * With `none` the container by hand has no network, which shows what one costs that never leaves it.
 */

const STATE = '/var/lib/tare';
const MEMORY = 512 * 2 ** 20;
const LARGEST_DIFFERENCE = 0.1;
const LEVEL = 0.95;
const OPERATION_TIME_MS = 500;
const PROGRAMS = ['redis', 'sysbench', 'fio'];
const [, , roundsText = '12', networkOfHand = 'own'] = process.argv;
const rounds = Number(roundsText);

/** How somebody without tare reads each program's output. */
const BY_HAND: Readonly<Record<string, (stdout: string) => number>> = {
  'inside-get': (stdout) => Number(stdout.split('"GET","')[1]?.split('"')[0]),
  cpu: (stdout) => Number(stdout.split('events per second:')[1]?.trim().split(/\s/)[0]),
  'memory-write': (stdout) => Number(stdout.split('transferred (')[1]?.split(' ')[0]) * 2 ** 20,
  'random-read': (stdout) => fioRead(stdout).iops,
  'sequential-read': (stdout) => fioRead(stdout).bw_bytes,
};

function fioRead(stdout: string): { iops: number; bw_bytes: number } {
  const { jobs } = JSON.parse(stdout) as { jobs: { read: { iops: number; bw_bytes: number } }[] };
  return jobs[0]?.read ?? { iops: Number.NaN, bw_bytes: Number.NaN };
}

/** The measurements that a client inside makes and that are primary. */
function compared(id: string): Workload {
  const workload = workloadOf(id, { operationTimeMs: OPERATION_TIME_MS });
  const kept = workload.measurements.filter(
    ({ client, metrics }) => client === 'inside' && metrics.some(({ primary }) => primary),
  );
  return { ...workload, measurements: kept };
}

async function docker(words: readonly string[]): Promise<string> {
  const { stdout } = await execa('docker', words);
  return stdout;
}

/**
 * A network of the same kind as tare's: one of one's own, as Compose makes it. With the rules that Docker puts there for its name
 * server, also what stays inside is slower than on the default bridge, or without a network.
 */
function handNetwork(tag: string): string {
  return networkOfHand === 'none' ? 'none' : ownedName(tag, 'by-hand');
}

async function makeHandNetwork(tag: string): Promise<AsyncDisposable> {
  const name = handNetwork(tag);
  if (name === 'none') return { [Symbol.asyncDispose]: async () => {} };
  await docker(['network', 'create', '--internal', '--label', `${TAG_LABEL}=${tag}`, name]);
  return { [Symbol.asyncDispose]: async () => void (await docker(['network', 'rm', name])) };
}

/** One round by hand, in a container of its own. */
async function byHand(
  { name, tag }: { readonly name: string; readonly tag: string },
  workload: Workload,
  image: Image,
  spec: InstanceSpec,
): Promise<Map<string, number>> {
  const placement = { dataDir: '/tare/data', listen: '0.0.0.0', port: workload.entry.defaultPort };
  const [entry = '', ...words] = workload.entry.argv(placement);
  const values = new Map<string, number>();
  const reference = `tare:${image.manifest.digest.slice(7, 23)}`;
  const memory = String(spec.memoryBytes);
  try {
    await docker([
      ...['run', '--detach', '--name', name, '--label', `${TAG_LABEL}=${tag}`, '--network', handNetwork(tag)],
      ...['--cpuset-cpus', spec.cpus.join()],
      ...['--memory', memory, '--memory-swap', memory, '--entrypoint', entry, reference, ...words],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const ran = new Set<string>();
    for (const measurement of workload.measurements) {
      const steps = (measurement.prepare?.(placement) ?? []).filter(({ argv }) => !ran.has(argv.join(' ')));
      for (const { argv } of steps) {
        await docker(['exec', name, ...argv]);
        ran.add(argv.join(' '));
      }
      if (steps.length > 0) await docker(['exec', name, '/bin/sync']);
      const stdout = await docker(['exec', name, ...measurement.call({ placement, address: '127.0.0.1' }).argv]);
      for (const { id, primary } of measurement.metrics)
        if (primary) values.set(id, BY_HAND[id]?.(stdout) ?? Number.NaN);
    }
  } finally {
    await execa('docker', ['rm', '--force', '--volumes', name], { reject: false });
  }
  return values;
}

async function byTare(turn: TurnOf) {
  const { workload } = turn;
  const { subject, seen } = keptTurn(turn);
  await throughputExperiment({ workload, pilotBlocks: 0, fixedBlocks: 1, emulatedToo: true }).measure(subject);
  if (seen.failures.length > 0) throw new RangeError(seen.failures.join('; '));
  return seen.values;
}

/** One line of the table, and whether the two disagree. */
function judge(name: string, hand: readonly number[], tare: readonly number[]): { line: string; disagree: boolean } {
  const [ofHand, ofTare] = [median(hand), median(tare)];
  const interval = signInterval(tare, LEVEL);
  const logs = tare.map((value, round) => Math.log(value / (hand[round] ?? Number.NaN)));
  const ratio = Math.exp(median(logs));
  const ratios = signInterval(logs, LEVEL);
  const inside = interval !== null && ofHand >= interval.lo && ofHand <= interval.hi;
  const excludesOne = ratios !== null && (ratios.lo > 0 || ratios.hi < 0);
  const number = (value: number) => value.toPrecision(4);
  const between = interval ? `[${number(interval.lo)}, ${number(interval.hi)}]` : '(too few rounds)';
  const line =
    `${name}: by hand ${number(ofHand)}, tare ${number(ofTare)} ${between}, ` +
    `by hand ${inside ? 'inside' : 'outside'}; tare/by hand ${ratio.toFixed(3)}` +
    (ratios ? ` [${Math.exp(ratios.lo).toFixed(3)}, ${Math.exp(ratios.hi).toFixed(3)}]` : '');
  const far = Math.abs(ofTare / ofHand - 1) > LARGEST_DIFFERENCE && Math.abs(ratio - 1) > LARGEST_DIFFERENCE;
  return { line, disagree: !inside && excludesOne && far };
}

const { signal } = new AbortController();
let disagreements = 0;
{
  await using ownership = takeOwnership(STATE, signal);
  const { owner, runDir } = ownership;
  const image = await buildImage({ stateDir: STATE, signal, onProgress: () => {} });
  const run: RunContext = { owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs: 60_000 };
  const support = await dockerRunner.probe({ stateDir: STATE, accel: 'auto', signal });
  if (!support.ok) throw new RangeError(support.reason);
  const { capabilities } = support;
  await using _network = await makeHandNetwork(owner.tag);
  let index = 0;
  const cpus = planCpusHere({ instanceCpus: 1, clientCpus: null });
  for (const workload of PROGRAMS.map(compared)) {
    const spec: InstanceSpec = {
      ...{ image, entry: workload.entry, cpus: cpus.instance, clientCpus: cpus.client, memoryBytes: MEMORY },
      ...{ diskCache: 'none', network: 'bridge' },
    };
    // The engine has the image as long as it is prepared.
    await using prepared = await dockerRunner.prepare(spec, run);
    const hand = new Map<string, number[]>();
    const tare = new Map<string, number[]>();
    const keep = (into: Map<string, number[]>, values: ReadonlyMap<string, number | number[]>) => {
      for (const id of Object.keys(BY_HAND)) {
        const [value] = [values.get(id) ?? []].flat();
        if (value !== undefined) into.set(id, [...(into.get(id) ?? []), value]);
      }
    };
    for (let round = 0; round < rounds; round += 1) {
      const name = ownedName(owner.tag, `by-hand-${workload.id}-${round}`);
      const turns = [
        async () => keep(hand, await byHand({ name, tag: owner.tag }, workload, image, spec)),
        async () => keep(tare, await byTare({ prepared, workload, capabilities, run, index: index++ })),
      ];
      // Neither is always the first of a round.
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    console.log(`${workload.id} (${prepared.digest.slice(0, 19)}), ${rounds} rounds`);
    for (const [id, values] of tare) {
      const { line, disagree } = judge(id, hand.get(id) ?? [], values);
      console.log(`  ${line}`);
      if (disagree) disagreements += 1;
    }
  }
}
process.exitCode = disagreements > 0 ? 1 : 0;

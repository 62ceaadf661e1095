import { execa } from 'execa';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { withDefaults } from '../../bench/config/profiles.ts';
import { densityExperiment } from '../../bench/experiments/density.ts';
import { allowedCpus, spreadOf } from '../../bench/host/cpus.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { Instance, InstanceSpec, Prepared, RunContext } from '../../bench/model/runner.ts';
import { delay } from '../../bench/proc/clock.ts';
import { median } from '../../bench/stats/quantile.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { builtIn } from '../../runners/registry.ts';
import { rampSubject } from '../helpers/ramp.ts';

/**
 * An independent measurement of a container's memory: what `free` shows before and after a batch of containers that a shell
 * loop starts with `docker run`, in turns with tare's ramps of the same containers. Prints both; exits 1 when they differ by
 * more than a tenth.
 *
 *   node test/agreement/density.ts [CONTAINERS] [ROUNDS] [STATE]
 */

/** Where the image is, whatever other state folder is used. */
const IMAGES = '/var/lib/tare';
const LARGEST_DIFFERENCE = 0.1;
const [, , containers = '100', rounds = '5', stateDir = IMAGES] = process.argv;
const count = Number(containers);
const SETTLE_MS = 5000;

/** The column "used" of procps is another figure: what counts is what is not available any more. */
async function takenBytes(): Promise<number> {
  await delay(SETTLE_MS);
  const { stdout } = await execa('free', ['--bytes']);
  const [, total = '', available = ''] = /^Mem:\s+(\d+)(?:\s+\d+){4}\s+(\d+)$/m.exec(stdout) ?? [];
  return Number(total) - Number(available);
}

/** The command of one launch without its name, and with nobody at the other end of the FIFOs. */
function shellLoop(launch: readonly string[], name: string): string {
  const words = launch.map((word, at) => (launch[at - 1] === '--name' ? `${name}-$i` : word));
  const quoted = words.map((word) => `"${word.replaceAll(/["\\`]/g, String.raw`\$&`)}"`).join(' ');
  return `set -e; for i in $(seq ${count}); do ${quoted} >/dev/null; done`;
}

/** Bytes of one container, by hand: a plain loop, `free` before and after. */
async function byHand(prepared: Prepared, run: RunContext): Promise<number> {
  // One of tare's own stays meanwhile: its command and its FIFOs are what the loop uses.
  await using instance: Instance = await prepared.start(run, 0);
  const name = `${instance.ref.id}-hand`;
  const loop = shellLoop(instance.launch[0]?.argv ?? [], name);
  const names = Array.from({ length: count }, (_, at) => `${name}-${at + 1}`);
  try {
    const before = await takenBytes();
    await execa('/bin/bash', ['-c', loop]);
    return ((await takenBytes()) - before) / count;
  } finally {
    // One after the other: told of many at once, Docker 20.10 may lose count of a network's endpoints, and then never removes it.
    for (const one of names) await execa('docker', ['rm', '--force', '--volumes', one], { reject: false });
  }
}

async function byTare(prepared: Prepared, run: RunContext): Promise<number> {
  const defaults = withDefaults({});
  const density = { ...defaults.density, containers: count, arms: ['idle'] as const };
  const runner = builtIn('docker');
  const support = await runner.probe({ stateDir, accel: 'auto', signal: run.signal });
  if (!support?.ok) throw new Error('docker cannot run here');
  const parts = { prepared, workload: redis, capabilities: support.capabilities, run };
  const { subject, journalled } = rampSubject({ ...parts, spread: spreadOf(1, allowedCpus()) });
  await densityExperiment({ config: { ...defaults, density }, workload: redis }).measure(subject);
  const value = journalled.values['memory-idle'];
  if (value === undefined) console.log('tare has no value:', journalled.steps.at(-1)?.stop, journalled.failures);
  return value ?? Number.NaN;
}

const { signal } = new AbortController();
{
  await using ownership = takeOwnership(stateDir, signal);
  const { owner, runDir } = ownership;
  const image = await buildImage({ stateDir: IMAGES, signal, onProgress: () => {} });
  const run: RunContext = { owner, stateDir, runDir, accel: 'auto', signal, startTimeoutMs: 60_000 };
  const cpus = allowedCpus().slice(-1);
  const spec: InstanceSpec = {
    ...{ image, entry: redis.entry, cpus, clientCpus: cpus, memoryBytes: withDefaults({}).instance.memory },
    ...{ diskCache: 'none', network: 'bridge' },
  };
  const runner = builtIn('docker');
  await using prepared = await runner.prepare(spec, run);
  const pairs: { readonly hand: number; readonly tare: number }[] = [];
  const hands = () => byHand(prepared, run);
  const ramps = () => byTare(prepared, run);
  // The engine keeps some of what a first batch takes, and has it ready for the next.
  await hands();
  for (let round = 0; round < Number(rounds); round += 1) {
    // Neither is always the first of a round.
    const handFirst = round % 2 === 0;
    const first = await (handFirst ? hands() : ramps());
    const second = await (handFirst ? ramps() : hands());
    const pair = handFirst ? { hand: first, tare: second } : { hand: second, tare: first };
    pairs.push(pair);
    console.log(
      `round ${round + 1}: free ${(pair.hand / 2 ** 20).toFixed(2)} MiB, tare ${(pair.tare / 2 ** 20).toFixed(2)} MiB`,
    );
  }
  const hand = median(pairs.map((pair) => pair.hand));
  const tare = median(pairs.map((pair) => pair.tare));
  const ratio = tare / hand;
  console.log(
    `docker, ${count} containers: free ${(hand / 2 ** 20).toFixed(2)} MiB each, tare ${(tare / 2 ** 20).toFixed(2)} MiB each, ratio ${ratio.toFixed(3)}`,
  );
  // Not a number is no agreement.
  process.exitCode = Math.abs(ratio - 1) <= LARGEST_DIFFERENCE ? 0 : 1;
}

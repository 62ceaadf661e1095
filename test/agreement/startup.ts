import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { planCpusHere } from '../../bench/host/placement.ts';
import { buildImage } from '../../bench/image/build.ts';
import { sinceLaunch } from '../../bench/model/mark.ts';
import type { InstanceSpec, LaunchCommand, Prepared, RunContext } from '../../bench/model/runner.ts';
import { commandLine } from '../../bench/proc/exec.ts';
import { median } from '../../bench/stats/quantile.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { builtIn } from '../../runners/registry.ts';
import { undoScript } from './undo.ts';

/**
 * An independent measurement of `api`: hyperfine times the very launch commands of an instance, in turns with tare, and the
 * medians are compared. Prints a table; exits 1 when they differ by more than a tenth.
 *
 *   node test/agreement/startup.ts [ROUNDS]
 */

const STATE = '/var/lib/tare';
const RUNNERS = ['runc', 'docker'];
const LARGEST_DIFFERENCE = 0.1;
const rounds = Number(process.argv[2] ?? 12);

interface Pair {
  readonly tareMs: number;
  readonly hyperfineMs: number;
}

function script(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function hyperfine(folder: string, undo: readonly string[], launch: readonly LaunchCommand[]): Promise<number> {
  const prepare = script(folder, 'undo', undo);
  const start = script(folder, 'start', ['set -e', ...launch.map(({ argv }) => commandLine(argv))]);
  const json = join(folder, 'hyperfine.json');
  await execa('hyperfine', ['--shell=none', '--runs', '2', '--prepare', prepare, '--export-json', json, start]);
  await execa(prepare);
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: { times: number[] }[] };
  return median((results[0]?.times ?? []).map((seconds) => seconds * 1000));
}

async function compareOnce(
  prepared: Prepared,
  run: RunContext,
  runner: string,
  index: number,
  folder: string,
): Promise<Pair> {
  const instance = await prepared.start(run, index);
  const tareMs = (sinceLaunch(instance.marks, 'api') ?? Number.NaN) / 1e6;
  const undo = undoScript(runner, index, instance, run);
  await instance[Symbol.asyncDispose]();
  return { tareMs, hyperfineMs: await hyperfine(folder, undo, instance.launch) };
}

const { signal } = new AbortController();
let worst = 0;
{
  await using ownership = takeOwnership(STATE, signal);
  const { owner, runDir } = ownership;
  const image = await buildImage({ stateDir: STATE, signal, onProgress: () => {} });
  const run: RunContext = { owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs: 60_000 };
  const memoryBytes = 512 * 2 ** 20;
  const { instance: cpus, client: clientCpus } = planCpusHere({ instanceCpus: 1, clientCpus: null });
  const spec: InstanceSpec = {
    ...{ image, entry: redis.entry, cpus, clientCpus, memoryBytes, diskCache: 'none', network: 'bridge' },
  };
  const folder = mkdtempSync(join(tmpdir(), 'tare-agreement-'));
  try {
    for (const runner of RUNNERS.map(builtIn)) {
      await using prepared = await runner.prepare(spec, run);
      const pairs: Pair[] = [];
      for (let round = 0; round < rounds; round += 1) {
        pairs.push(await compareOnce(prepared, run, runner.id, round, folder));
      }
      const tare = median(pairs.map((pair) => pair.tareMs));
      const other = median(pairs.map((pair) => pair.hyperfineMs));
      const ratio = tare / other;
      worst = Math.max(worst, Math.abs(ratio - 1));
      console.log(
        `${runner.id}: tare ${tare.toFixed(1)} ms, hyperfine ${other.toFixed(1)} ms, ratio ${ratio.toFixed(3)}, ${rounds} rounds`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.exitCode = worst > LARGEST_DIFFERENCE ? 1 : 0;

import { mkdirSync } from 'node:fs';
import type { TestFn } from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { planCpusHere } from '../../bench/host/placement.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { Runner, RunContext } from '../../bench/model/runner.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { CONTRACT } from '../../runners/contract.ts';
import { leftovers } from './leftovers.ts';

const STATE = '/var/lib/tare';

/** What the rules of all runners are tried with: one owner and one image, as in a run. */
async function subjectParts(signal: AbortSignal) {
  const ownership = takeOwnership(STATE, signal);
  const { owner, runDir } = ownership;
  mkdirSync(runDir, { recursive: true });
  const image = await buildImage({ stateDir: STATE, signal, onProgress: () => {} });
  const run: RunContext = { owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs: 240_000 };
  const { instance: cpus, client: clientCpus } = planCpusHere({ instanceCpus: 1, clientCpus: null });
  const spec = {
    ...{ image, entry: redis.entry, cpus, clientCpus, memoryBytes: 256 * 2 ** 20 },
    ...({ diskCache: 'none', network: 'bridge' } as const),
  };
  return { ownership, run, spec };
}

/** One test for every rule of the conformance suite and each of these runners, on the real thing, and a last one that nothing is left. */
export function holdToContract(test: TestFn, runners: readonly Runner[]): void {
  const { signal } = new AbortController();
  let parts: ReturnType<typeof subjectParts> | undefined;
  for (const runner of runners) {
    for (const rule of CONTRACT) {
      test.serial(`${runner.id}: ${rule.name}`, async (t) => {
        t.timeout(600_000);
        parts ??= subjectParts(signal);
        const { run, spec } = await parts;
        await t.notThrowsAsync(rule.check({ runner, spec, run }));
      });
    }
  }
  test.serial.after.always('the conformance suite leaves nothing', async (t) => {
    const used = await parts;
    await used?.ownership[Symbol.asyncDispose]();
    const left = (await leftovers(STATE)).filter((name) => !name.includes('reaper'));
    t.deepEqual(left, []);
  });
}

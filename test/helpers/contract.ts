import { mkdirSync } from 'node:fs';
import type { TestFn } from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { planCpusHere } from '../../bench/host/placement.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { InstanceSpec, Prepared, Runner, RunContext } from '../../bench/model/runner.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { CONTRACT, type ContractRule } from '../../runners/contract.ts';
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

/** The preparation that stands while the rules of one runner are tried, as it does in a run; only one at a time. */
class Standing {
  #kept: { readonly runner: Runner; readonly prepared: Prepared } | undefined;

  async end(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.prepared[Symbol.asyncDispose]();
  }

  async make(runner: Runner, rule: ContractRule, spec: InstanceSpec, run: RunContext): Promise<void> {
    if (this.#kept?.runner !== runner || rule.alone === true) await this.end();
    if (rule.alone !== true) this.#kept ??= { runner, prepared: await runner.prepare(spec, run) };
  }
}

/** The rules that may be tried beside a standing preparation come first, so that it is made once. */
const RULES = [...CONTRACT.filter((rule) => rule.alone !== true), ...CONTRACT.filter((rule) => rule.alone === true)];

/** One test for every rule of the conformance suite and each of these runners, on the real thing, and a last one that nothing is left. */
export function holdToContract(test: TestFn, runners: readonly Runner[]): void {
  const { signal } = new AbortController();
  const standing = new Standing();
  let parts: ReturnType<typeof subjectParts> | undefined;
  for (const runner of runners) {
    for (const rule of RULES) {
      test.serial(`${runner.id}: ${rule.name}`, async (t) => {
        t.timeout(600_000);
        parts ??= subjectParts(signal);
        const { run, spec } = await parts;
        await standing.make(runner, rule, spec, run);
        await t.notThrowsAsync(rule.check({ runner, spec, run }));
      });
    }
  }
  test.serial.after.always('the conformance suite leaves nothing', async (t) => {
    await standing.end();
    const used = await parts;
    await used?.ownership[Symbol.asyncDispose]();
    const left = (await leftovers(STATE)).filter((name) => !name.includes('reaper'));
    t.deepEqual(left, []);
  });
}

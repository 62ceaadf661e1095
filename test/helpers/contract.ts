import type { TestFn } from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { subjectParts } from '../../bench/cli/verify-subject.ts';
import type { Runner } from '../../bench/model/runner.ts';
import { CONTRACT, ContractSession } from '../../runners/contract.ts';
import { NOT_HERE, OPTIONS_HERE } from './here.ts';
import { leftovers } from './leftovers.ts';

const STATE = '/var/lib/tare';

/** What the rules of all runners are tried with: one owner and one image, as in a run. */
async function ownedParts(signal: AbortSignal) {
  const ownership = takeOwnership(STATE, signal);
  return { ownership, ...(await subjectParts(ownership, STATE, signal)) };
}

/** One test for every rule of the conformance suite and each of these runners, on the real thing, and a last one that nothing is left. */
export function holdToContract(test: TestFn, runners: readonly Runner[]): void {
  const { signal } = new AbortController();
  let session: { readonly runner: Runner; readonly rules: ContractSession } | undefined;
  let parts: ReturnType<typeof ownedParts> | undefined;

  async function sessionOf(runner: Runner): Promise<ContractSession> {
    parts ??= ownedParts(signal);
    const { run, spec } = await parts;
    if (session?.runner === runner) return session.rules;
    await session?.rules[Symbol.asyncDispose]();
    session = {
      runner,
      rules: new ContractSession({ runner, run: { ...run, options: OPTIONS_HERE[runner.id] ?? {} }, spec }),
    };
    return session.rules;
  }

  for (const runner of runners) {
    const code = NOT_HERE[runner.id];
    if (code !== undefined) {
      test.serial(`${runner.id}: a host that it cannot run on is told so by its probe`, async (t) => {
        const support = await runner.probe({ stateDir: STATE, accel: 'auto', signal });
        t.is(support.ok ? 'it can' : support.code, code);
      });
      continue;
    }
    for (const rule of CONTRACT) {
      test.serial(`${runner.id}: ${rule.name}`, async (t) => {
        // The first rule of an engine imports the image.
        t.timeout(40 * 60_000);
        const rules = await sessionOf(runner);
        await t.notThrowsAsync(rules.check(rule));
      });
    }
  }
  test.serial.after.always('the conformance suite leaves nothing', async (t) => {
    await session?.rules[Symbol.asyncDispose]();
    const used = await parts;
    await used?.ownership[Symbol.asyncDispose]();
    t.deepEqual(await leftovers(STATE), []);
  });
}
